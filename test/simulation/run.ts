import { commandNames } from './agents.ts';
import { type HistoryReport, runHistory } from './history.ts';
import { machineFaults, networkFaults } from './network.ts';

/** Many histories, one after the other, and what happened in them. `npm run simulate -- --seed N --histories M`. */
export interface RunReport {
  readonly histories: number;
  readonly events: number;
  readonly ms: number;
  readonly ops: Map<string, number>;
  readonly commands: Map<string, number>;
  readonly outcomes: Map<string, number>;
  readonly faults: Map<string, number>;
}

export class SimulationFailure extends Error {}

/** What has to happen in a run that counts for anything. */
export const mustHappen = {
  ops: [
    'add',
    'edit',
    'claim',
    'release',
    'expire',
    'expire (owner-gone)',
    'take-over',
    'take-over (force)',
    'fail',
    'done',
    'cancel',
    'retry',
    'repair',
    'beat',
    'beat (new cycle)',
  ],
  commands: commandNames,
  faults: [...networkFaults, ...machineFaults],
} as const;

/** @throws SimulationFailure with the seed of the history that failed */
export async function runHistories(
  seed: number,
  histories: number,
  trace?: (text: string) => void,
): Promise<RunReport> {
  const started = performance.now();
  const sums = { ops: new Map(), commands: new Map(), outcomes: new Map(), faults: new Map() };
  let events = 0;
  let next = seed;
  const worker = async (): Promise<void> => {
    while (next < seed + histories) {
      const report = await runOne(next++, trace);
      events += report.events;
      for (const name of ['ops', 'commands', 'outcomes', 'faults'] as const) add(sums[name], report[name]);
    }
  };
  // Histories share nothing, and the event loop costs less for several at once.
  await Promise.all(Array.from({ length: trace ? 1 : 8 }, worker));
  return { histories, events, ms: performance.now() - started, ...sums };
}

async function runOne(seed: number, trace: ((text: string) => void) | undefined): Promise<HistoryReport> {
  try {
    return await runHistory(seed, trace ? { trace } : {});
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new SimulationFailure(`seed ${seed}: ${why}\n  npm run simulate -- --seed ${seed} --histories 1`);
  }
}

function add(sum: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [name, n] of counts) sum.set(name, (sum.get(name) ?? 0) + n);
}

/** Names of what should have happened and didn't. */
export function missing(report: RunReport): string[] {
  return (['ops', 'commands', 'faults'] as const).flatMap((name) =>
    mustHappen[name].filter((key) => !report[name].get(key)).map((key) => `${name}: ${key}`),
  );
}

export function describeRun(report: RunReport): string {
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, n]) => `${name} ${n}`)
      .join(', ');
  return [
    `${report.histories} histories, ${report.events} events, ${(report.ms / 1000).toFixed(1)} s`,
    `transitions: ${list(report.ops)}`,
    `commands: ${list(report.commands)}`,
    `faults: ${list(report.faults)}`,
  ].join('\n');
}
