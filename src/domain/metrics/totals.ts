import { type Counter, fullName, type Histogram, type Label } from './definitions.ts';
import type { Family, Sample } from './exposition.ts';

/**
 * Running totals of counters and histograms: they only grow. Kept as JSON, by a key made of the name and its labels' values.
 * Milliseconds are kept whole, so that sums of many don't drift.
 */
export interface Totals {
  readonly counts: Record<string, number>;
  readonly times: Record<string, Times>;
}

interface Times {
  sumMs: number;
  /** One for each bound, and one for what is above the last: each value is in one alone. */
  within: number[];
}

/** Series of one name: agents and types are others' texts. Whoever comes later is counted as `other`, and stays there. */
const seriesMax = 400;
const labelCharsMax = 100;
/** A machine's clock may be anything: one value must not drown all others. */
const valueMsMax = 366 * 24 * 3_600_000;

export const noTotals = (): Totals => ({ counts: {}, times: {} });

/** @param values one for each label */
export function count(totals: Totals, counter: Counter, values: readonly string[] = [], by = 1): void {
  if (!(Number.isSafeInteger(by) && by > 0)) return;
  const key = keyIn(totals.counts, counter.labels, counter.name, values);
  totals.counts[key] = (totals.counts[key] ?? 0) + by;
}

export function time(totals: Totals, histogram: Histogram, values: readonly string[], ms: number, times = 1): void {
  if (!Number.isFinite(ms) || !(Number.isSafeInteger(times) && times > 0)) return;
  const boundedMs = Math.round(Math.min(Math.max(ms, 0), valueMsMax));
  const key = keyIn(totals.times, histogram.labels, histogram.name, values);
  const kept = totals.times[key] ?? { sumMs: 0, within: [] };
  const place = histogram.bounds.findIndex((bound) => boundedMs <= bound * 1000);
  const within = [...histogram.bounds, 0].map((_, index) => kept.within[index] ?? 0);
  const index = place < 0 ? histogram.bounds.length : place;
  within[index] = (within[index] ?? 0) + times;
  totals.times[key] = { sumMs: kept.sumMs + boundedMs * times, within };
}

export const counterFamily = (totals: Totals, counter: Counter): Family => ({
  name: fullName(counter),
  type: 'counter',
  help: counter.help,
  samples: seriesIn(totals.counts, counter).map(({ labels, kept }) => ({ labels, value: kept ?? 0 })),
});

export const histogramFamily = (totals: Totals, histogram: Histogram): Family => ({
  name: fullName(histogram),
  type: 'histogram',
  help: histogram.help,
  samples: seriesIn(totals.times, histogram).flatMap(({ labels, kept }) => samplesOf(histogram, labels, kept)),
});

function samplesOf({ bounds }: Histogram, labels: Sample['labels'], kept: Times | undefined): Sample[] {
  let upTo = 0;
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, index): Sample => {
    upTo += kept?.within[index] ?? 0;
    const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);
    return { suffix: '_bucket', labels: { ...labels, le }, value: upTo };
  });
  return [
    ...buckets,
    { suffix: '_sum', labels, value: (kept?.sumMs ?? 0) / 1000 },
    { suffix: '_count', labels, value: upTo },
  ];
}

/** Those that were counted, and those of known labels that weren't yet. */
function seriesIn<T>(kept: Readonly<Record<string, T>>, { name, labels }: Counter) {
  const known = labels.length <= 1 ? (labels[0]?.values ?? (labels.length === 0 ? [null] : [])) : [];
  const keys = new Set(known.map((value) => JSON.stringify(value === null ? [name] : [name, value])));
  for (const key of Object.keys(kept)) if (key.startsWith(`${JSON.stringify([name]).slice(0, -1)}`)) keys.add(key);
  return [...keys].sort().map((key) => {
    const [, ...values] = JSON.parse(key) as string[];
    return { labels: Object.fromEntries(labels.map(({ name }, at) => [name, values[at] ?? ''])), kept: kept[key] };
  });
}

function keyIn(
  kept: Readonly<Record<string, unknown>>,
  labels: readonly Label[],
  name: string,
  values: readonly string[],
) {
  const texts = labels.map(({ values: known }, at) => (known ? (values[at] ?? '') : plainLabel(values[at] ?? '')));
  const key = JSON.stringify([name, ...texts]);
  if (labels.every(({ values: known }) => known) || key in kept) return key;
  const begin = JSON.stringify([name]).slice(0, -1);
  if (Object.keys(kept).filter((one) => one.startsWith(begin)).length < seriesMax) return key;
  return JSON.stringify([name, ...texts.map((text, at) => (labels[at]?.values ? text : 'other'))]);
}

/** Somebody else's text as a label: without what a terminal would obey, well-formed, of some length at most. */
function plainLabel(text: string): string {
  const plain = text.replace(/[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g, ' ').trim();
  return [...plain]
    .slice(0, labelCharsMax)
    .join('')
    .replace(/\p{Cs}/gu, '\ufffd');
}
