/** The twelve tasks of the demo: a small project with an order in it. */
export interface PlannedTask {
  readonly id: string;
  readonly title: string;
  readonly priority: number;
  readonly needs: readonly string[];
}

const task = (id: string, title: string, priority = 0, needs: readonly string[] = []): PlannedTask => ({
  id,
  title,
  priority,
  needs,
});

/** Three workers find work from the first second on, and something is left for when one of them has died. */
export const plan: readonly PlannedTask[] = [
  task('schema', 'Draw the schema', 9),
  task('styles', 'Choose the styles', 5),
  task('readme', 'Write the readme'),
  task('api', 'Build the API', 8, ['schema']),
  task('models', 'Write the models', 7, ['schema']),
  task('pages', 'Build the pages', 5, ['styles']),
  task('login', 'Add the login', 6, ['api', 'models']),
  task('search', 'Add the search', 4, ['api']),
  task('export', 'Add the export', 3, ['models']),
  task('mail', 'Send the mails', 2),
  task('tests', 'Test it all', 1, ['login', 'search', 'pages']),
  task('release', 'Release it', 9, ['tests', 'export', 'mail', 'readme']),
];

export const workerNames = ['worker-1', 'worker-2', 'worker-3'] as const;
