import { commandCounters as counters, commandHistograms as histograms } from './definitions.ts';
import { count, type Totals, time } from './totals.ts';

/** What a use-case measured: what it did, how it ended, how long it took, and how many it was. */
export type Measured = readonly [what: MeasuredWhat, result: string, ms: number, times: number];
export type MeasuredWhat = 'claim' | 'renew' | 'fenced' | 'sweep' | 'look' | 'push';

/** A line of `coord/metrics.ndjson`, as it was read: any part may be damaged. */
export interface CountedLine {
  readonly op?: unknown;
  readonly result?: unknown;
  readonly pushes?: unknown;
  readonly measured?: unknown;
}

/** What a line says, added to the totals. Damaged parts count for nothing. */
export function countLine(totals: Totals, { op, result, pushes, measured }: CountedLine): void {
  if (typeof op === 'string' && typeof result === 'string' && isCommand(op))
    count(totals, counters.commands, [op, result]);
  if (typeof pushes === 'number') count(totals, counters.pushes, [], pushes);
  if (Array.isArray(measured)) for (const one of measured) if (isMeasured(one)) countMeasured(totals, one);
}

/** The daemon and long-lived programs write lines of their own. */
const isCommand = (op: string): boolean => /^[a-z-]+$/.test(op) && op !== measuresOp;

/** The `op` of a line that only carries what was measured. */
export const measuresOp = 'measures';

function countMeasured(totals: Totals, [what, result, ms, times]: Measured): void {
  switch (what) {
    case 'claim':
      countKnown(totals, counters.claims, result, times);
      if (result === 'won' || result === 'lost') time(totals, histograms.claim, [], ms, times);
      return;
    case 'renew':
      countKnown(totals, counters.renewals, result, times);
      if (result === 'renewed') time(totals, histograms.renew, [], ms, times);
      return;
    case 'fenced':
      count(totals, counters.fenced, [], times);
      return;
    case 'sweep':
      countKnown(totals, counters.sweeps, result, times);
      return;
    case 'look':
    case 'push':
      time(totals, histograms.roundTrip, [what], ms, times);
  }
}

type WithResult = (typeof counters)['claims' | 'renewals' | 'sweeps'];

function countKnown(totals: Totals, counter: WithResult, result: string, times: number): void {
  if (counter.labels[0]?.values?.includes(result)) count(totals, counter, [result], times);
}

function isMeasured(one: unknown): one is Measured {
  if (!Array.isArray(one)) return false;
  const [what, result, ms, times] = one;
  return typeof what === 'string' && typeof result === 'string' && typeof ms === 'number' && typeof times === 'number';
}
