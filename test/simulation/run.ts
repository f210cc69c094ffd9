import { commandNames } from './agents.ts';
import { runHistory } from './history.ts';
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
  const [ops, commands, outcomes, faults] = [new Map(), new Map(), new Map(), new Map()];
  let events = 0;
  for (let at = seed; at < seed + histories; at++) {
    try {
      const report = await runHistory(at, trace ? { trace } : {});
      for (const name of ['ops', 'commands', 'outcomes', 'faults'] as const)
        for (const [key, n] of report[name]) {
          const sum = { ops, commands, outcomes, faults }[name];
          sum.set(key, (sum.get(key) ?? 0) + n);
        }
      events += report.events;
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
      throw new SimulationFailure(`seed ${at}: ${why}\n  npm run simulate -- --seed ${at} --histories 1`);
    }
  }
  return { histories, events, ms: performance.now() - started, ops, commands, outcomes, faults };
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
