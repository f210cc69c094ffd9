/** A strict reader of Prometheus' text format, version 0.0.4: it takes nothing that a server might refuse. */
export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ReadFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: ReadSample[];
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const numberForm = /^(?:[+-]?Inf|NaN|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;

/** By the families' names. @throws Error naming the line that is wrong */
export function readExposition(text: string): Map<string, ReadFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, ReadFamily>();
  const series = new Set<string>();
  let now: { name: string; family: ReadFamily } | null = null;
  let help: { name: string; text: string } | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${JSON.stringify(line)}`);
    };
    if (/[\x00-\x1f\x7f]/.test(line)) fail('a control character');
    if (line.startsWith('# HELP ')) {
      const [, name = '', words = ''] = /^# HELP (\S+) (.*)$/.exec(line) ?? fail('no help');
      if (/\\(?![\\n])/.test(words)) fail('a wrong escape');
      help = { name, text: words };
    } else if (line.startsWith('# TYPE ')) {
      const [, name = '', type = ''] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? fail('no type');
      if (!metricName.test(name) || families.has(name)) fail('a wrong name, or twice');
      if (help?.name !== name) fail('a type without help before it');
      now = { name, family: { type, help: help?.text ?? '', samples: [] } };
      families.set(name, now.family);
    } else {
      const sample = readSample(line, fail);
      const suffixes = now?.family.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      if (now === null || !suffixes.some((suffix) => `${now?.name}${suffix}` === sample.name))
        fail('of another family');
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (series.has(key)) fail('twice');
      series.add(key);
      now?.family.samples.push(sample);
    }
  }
  for (const [name, family] of families) checkFamily(name, family);
  return families;
}

function readSample(line: string, fail: (why: string) => never): ReadSample {
  const begun = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(.*)$/.exec(line) ?? fail('no sample');
  let rest = begun[2] ?? '';
  const labels: Record<string, string> = {};
  if (rest.startsWith('{')) {
    rest = rest.slice(1);
    for (;;) {
      const pair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,|\})/.exec(rest) ?? fail('no label');
      const [whole, name = '', value = '', end] = pair;
      if (name in labels || name.startsWith('__')) fail('a label twice, or one of Prometheus');
      if (!Buffer.from(value).equals(Buffer.from(Buffer.from(value).toString()))) fail('no UTF-8');
      labels[name] = value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
      rest = rest.slice(whole.length);
      if (end === '}') break;
    }
  }
  const value = /^ (\S+)$/.exec(rest)?.[1] ?? fail('no value');
  if (!numberForm.test(value)) fail('no number');
  return { name: begun[1] ?? '', labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function checkFamily(name: string, { type, samples }: ReadFamily): void {
  if (samples.length === 0) throw new Error(`${name} is empty`);
  if (type === 'counter' && !name.endsWith('_total')) throw new Error(`${name}: a counter ends in _total`);
  if (type !== 'counter' && name.endsWith('_total')) throw new Error(`${name}: only a counter ends in _total`);
  if (type !== 'gauge' && samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} is negative`);
  if (type !== 'histogram') return;
  const groups = new Map<string, ReadSample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const [key, group] of groups) {
    const buckets = group.filter((one) => one.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => Number((labels.le ?? '').replace('Inf', 'Infinity')));
    const ordered = bounds.every((bound, at) => at === 0 || bound > (bounds[at - 1] ?? bound));
    const grows = buckets.every(({ value }, at) => at === 0 || value >= (buckets[at - 1]?.value ?? 0));
    const count = group.find((one) => one.name === `${name}_count`)?.value;
    const whole = bounds.at(-1) === Number.POSITIVE_INFINITY && buckets.at(-1)?.value === count;
    if (!ordered || !grows || !whole || !group.some((one) => one.name === `${name}_sum`))
      throw new Error(`${name}${key} is no histogram`);
  }
}

/** The value of one series; undefined: it isn't there. */
export function valueIn(
  families: ReadonlyMap<string, ReadFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(?:bucket|sum|count)$/, ''));
  const wanted = JSON.stringify(Object.entries(labels).sort());
  return family?.samples.find(
    (one) => one.name === name && JSON.stringify(Object.entries(one.labels).sort()) === wanted,
  )?.value;
}
