/** What is told at the end. */
import type { Context } from '../frame/context.ts';
import { table } from '../frame/table.ts';
import type { Played } from './play.ts';
import type { Scene } from './scene.ts';
import { seconds } from './screen.ts';
import type { Tally } from './tally.ts';

export interface PlainGit {
  readonly command: string;
  readonly output: string;
}

/** The same as anybody sees it who has never heard of the tool. */
export async function asPlainGit({ git, remote }: Scene, { kill }: Played): Promise<PlainGit[]> {
  if (kill === null) return [];
  const args = ['log', '--oneline', `refs/board/${kill.task}`];
  const branch = ['log', '--format=%h %an: %s (%(trailers:key=Claim-Term,separator=%x2C))', `main..task/${kill.task}`];
  return [
    { command: `git log --oneline refs/claims/${kill.task}`, output: kill.claimLog },
    { command: `git ${args.join(' ')}`, output: await git(remote, args) },
    { command: `git log --format='${branch[1]?.slice(9)}' ${branch[2]}`, output: await git(remote, branch) },
  ];
}

export function storyText(
  context: Context,
  played: Played,
  count: Tally,
  shown: readonly PlainGit[],
  kept: string | null,
) {
  const { style, terminal } = context;
  const columns = [{ title: 'WORKER' }, { title: 'DONE', align: 'right' as const }, { title: 'TASKS', flexible: true }];
  const rows = count.workers.map(({ id, done }) => [
    id,
    String(done.length),
    done.join(' ') + (id === played.kill?.worker ? ` (killed at ${played.kill.task})` : ''),
  ]);
  const facts = [
    ['take-over', takeoverText(played)],
    ['duplicates', `${count.duplicates}, counted from the logs of ${count.tasks.length} tasks on the remote`],
    ['time', seconds(played.durationMs)],
  ].map(([name = '', text]) => `${style.bold(name.padEnd(10))}  ${text}`);
  const git = shown.flatMap(({ command, output }) => [
    `${style.cyan(`$ ${command}`)}${command.includes('refs/claims') ? style.dim('   (when its holder had just died)') : ''}`,
    output.trimEnd(),
    '',
  ]);
  return [
    '',
    table(columns, rows, { columns: terminal.columns, header: style.dim }),
    ...facts,
    '',
    'The same with plain git, in the remote:',
    '',
    ...git,
    ...(kept === null ? [] : [`The folder stays: ${kept}`, '']),
    'Next, in a repository of yours:',
    '  git coord init                 a book in the clone, or on its remote',
    '  git coord add "What to do"     a task',
    '  git coord claim --next         and you have it, nobody else',
    '  git coord help                 the rest; README.md has the first five minutes',
    '',
  ].join('\n');
}

function takeoverText({ kill, takeover }: Played): string {
  if (kill === null) return 'none: no worker was killed';
  if (takeover === null) return `${kill.task} was not taken over`;
  return `${kill.worker} died at ${kill.percent} % of ${kill.task}; ${takeover.by} had it ${seconds(takeover.afterMs)} later (term ${takeover.term})`;
}
