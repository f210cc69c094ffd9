import type { Tenure } from '../domain/stats.ts';
import { groupBy } from './group-by.ts';
import { type FiguresFact, type PeriodRow, rangeNames, ranges } from './rows.ts';

/** What the charts are made of: for each range, what ended in each of its periods up to `nowMs`. Periods in which nothing did are left out. */
export function periodRows(tenures: readonly Tenure[], nowMs: number): PeriodRow[] {
  return rangeNames.flatMap((range) => {
    const { periodMs, periods } = ranges[range];
    const beginning = (ms: number): number => Math.floor(ms / periodMs) * periodMs;
    const firstMs = beginning(nowMs) - (periods - 1) * periodMs;
    const inRange = tenures.filter(({ toMs, end }) => end !== 'neither' && toMs >= firstMs && toMs <= nowMs);
    return [...groupBy(inRange, ({ toMs }) => beginning(toMs))].map(([fromMs, ended]): PeriodRow => {
      const good = ended.filter(({ end }) => end === 'succeeded');
      return {
        key: `${range} ${fromMs}`,
        range,
        fromMs,
        succeeded: good.length,
        failed: ended.length - good.length,
        waitMs: mean(good.map(({ waitMs }) => waitMs)),
        runMs: mean(good.map((one) => one.toMs - one.fromMs)),
      };
    });
  });
}

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : Math.round(values.reduce((all, value) => all + value, 0) / values.length);

const hourMs = 3_600_000;

export function figuresOf(tenures: readonly Tenure[], unread: number, nowMs: number): FiguresFact {
  const good = tenures.filter(({ end }) => end === 'succeeded');
  return {
    key: 'figures',
    succeeded: good.length,
    failed: tenures.filter(({ end }) => end === 'failed').length,
    recoveries: good.filter(({ recovers }) => recovers).length,
    lastHour: good.filter(({ toMs }) => toMs <= nowMs && nowMs - toMs < hourMs).length,
    unread,
  };
}
