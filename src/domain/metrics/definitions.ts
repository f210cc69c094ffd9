/**
 * What is counted, by name. A name, once served, keeps its meaning, unit and labels: rules and dashboards of others are made of
 * them. No label holds a task's id; a label without a list of values holds somebody's text, and is bounded (totals.ts).
 */
export interface Label {
  readonly name: string;
  /** All values there are, shown from the start as 0: an alert can't see a series that isn't there yet. Null: text of others. */
  readonly values: readonly string[] | null;
}

interface Counted {
  /** Without `git_coord_`; with its unit, and `_total` for a counter. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
}

export interface Histogram extends Counted {
  /** Upper bounds, in seconds. */
  readonly bounds: readonly number[];
}

const result = (...values: string[]): Label[] => [{ name: 'result', values }];
const calls = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const work = [1, 5, 15, 60, 300, 900, 1800, 3600, 4 * 3600, 24 * 3600];

/** Of this clone: its commands, its daemon and its programs. */
export const commandCounters = {
  commands: {
    name: 'commands_total',
    help: 'Commands that ended, by name and outcome (ok, or the code of the error).',
    labels: [
      { name: 'command', values: null },
      { name: 'result', values: null },
    ],
  },
  claims: {
    name: 'claims_total',
    help: 'Tries to claim a task: won, lost to another holder, unknown (the connection broke), refused (not ready, paused, not there), error.',
    labels: result('won', 'lost', 'unknown', 'refused', 'error'),
  },
  renewals: {
    name: 'renewals_total',
    help: 'Renewals of claims: renewed, lost (somebody else holds the task), unclear (tried again), error (the book could not be asked).',
    labels: result('renewed', 'lost', 'unclear', 'error'),
  },
  fenced: {
    name: 'fenced_refusals_total',
    help: 'Writes of holders that had lost their task, refused.',
    labels: [],
  },
  sweeps: {
    name: 'sweeps_total',
    help: 'Looks for expired claims and broken records.',
    labels: result('ok', 'error'),
  },
  pushes: { name: 'pushes_total', help: 'Pushes to the book.', labels: [] },
} as const satisfies Record<string, Counted>;

export const commandHistograms = {
  claim: {
    name: 'claim_duration_seconds',
    help: 'How long a try to claim took that was won or lost.',
    labels: [],
    bounds: calls,
  },
  renew: { name: 'renew_duration_seconds', help: 'How long the renewal of a claim took.', labels: [], bounds: calls },
  roundTrip: {
    name: 'round_trip_duration_seconds',
    help: 'How long the book took to answer a look or a push.',
    labels: [{ name: 'operation', values: ['look', 'push'] }],
    bounds: calls,
  },
} as const satisfies Record<string, Histogram>;

/** Of the book, whoever did it: from the logs of all tasks. */
export const logCounters = {
  added: { name: 'tasks_added_total', help: 'Tasks that were added.', labels: [] },
  ended: {
    name: 'tenures_ended_total',
    help: 'Times that an agent held a task, by how it ended: succeeded (done, or sent to review), failed (also expired), neither (released, cancelled).',
    labels: [
      { name: 'agent', values: null },
      { name: 'type', values: null },
      { name: 'result', values: ['succeeded', 'failed', 'neither'] },
    ],
  },
  takeovers: { name: 'takeovers_total', help: 'Tasks that were taken over from another holder.', labels: [] },
  expired: { name: 'claims_expired_total', help: 'Claims that ended because nobody renewed them.', labels: [] },
  retries: {
    name: 'retries_total',
    help: 'Tasks that went back to the queue after an attempt had failed.',
    labels: [],
  },
  deadLetters: { name: 'dead_letters_total', help: 'Tasks that failed for good.', labels: [] },
} as const satisfies Record<string, Counted>;

export const logHistograms = {
  wait: {
    name: 'task_wait_seconds',
    help: 'How long a task was open before it was claimed, of claims that have ended.',
    labels: [],
    bounds: work,
  },
  run: {
    name: 'task_run_seconds',
    help: 'How long an agent held a task that succeeded or failed.',
    labels: result('succeeded', 'failed'),
    bounds: work,
  },
} as const satisfies Record<string, Histogram>;

export type Counter = Counted;

export const fullName = ({ name }: Pick<Counted, 'name'>): string => `git_coord_${name}`;
