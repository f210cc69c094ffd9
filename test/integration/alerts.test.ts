// docs/alerts.yml and docs/monitoring.md against a real scrape: what they name is there.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { metricsOf } from '../../src/app/metrics-on-app.ts';
import { hostOf } from '../../src/config/hosts.ts';
import { closeAgents, makeLocalBook, openAgent } from '../helpers/book.ts';
import { cliJson } from '../helpers/cli.ts';
import { type ReadFamily, readExposition } from '../helpers/exposition.ts';
import { makeScratch, type Scratch } from '../helpers/repo.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const docs = new URL('../../docs/', import.meta.url);
const alerts = parse(readFileSync(new URL('alerts.yml', docs), 'utf8')) as {
  groups: readonly { name: string; rules: readonly Rule[] }[];
};
const rules = alerts.groups.flatMap((group) => group.rules);

let scratch: Scratch;
let families: Map<string, ReadFamily>;
beforeAll(async () => {
  scratch = await makeScratch();
  const dir = await makeLocalBook(join(scratch.dir, 'clone'));
  const { app, book } = await openAgent(dir, { agent: 'anna' });
  await book.claim('a');
  await book.done('a');
  await book.claim('b');
  await book.fail('b', 'no luck');
  expect((await cliJson(['list'], { cwd: dir })).status).toBe(0);
  const host = hostOf('https://github.com/team/project');
  families = readExposition(await metricsOf({ ...app, book: { ...app.book, host } }));
});
afterAll(async () => {
  await closeAgents();
  await scratch.remove();
});

const functions = new Set(['absent', 'and', 'by', 'histogram_quantile', 'increase', 'max', 'rate', 'sum']);
/** Put there by Prometheus itself. */
const given = ['instance', 'job'];
/** The samples of a series' name, as it is served. */
const samplesOf = (name: string) =>
  [...families.values()].flatMap(({ samples }) => samples).filter((one) => one.name === name);

/** What an expression says of metrics that no scrape has; empty: nothing. */
function problems(expr: string): string[] {
  const found: string[] = [];
  const bare = expr.replace(/\{[^}]*\}|"[^"]*"|\[[^\]]*\]|by\s*\([^)]*\)/g, ' ');
  const names = [...bare.matchAll(/[a-zA-Z_:][a-zA-Z0-9_:]*/g)]
    .map(([name]) => name)
    .filter((name) => !functions.has(name));
  if (names.length === 0) found.push('no metric');
  for (const name of names) if (samplesOf(name).length === 0) found.push(name);
  for (const [, name = '', matchers = ''] of expr.matchAll(/([a-zA-Z_:][\w:]*)\{([^}]*)\}/g)) {
    const read = [...matchers.matchAll(/\s*(\w+)(=~|!~|!=|=)"([^"]*)"\s*(?:,|$)/g)];
    if (read.map(([whole]) => whole).join('') !== matchers) found.push(`{${matchers}}`);
    for (const [, label = '', , values = ''] of read)
      for (const value of values.split('|'))
        if (!samplesOf(name).some(({ labels }) => labels[label] === value)) found.push(`${name}{${label}="${value}"}`);
  }
  const labels = new Set(names.flatMap((name) => samplesOf(name).flatMap((one) => Object.keys(one.labels))));
  for (const [, list = ''] of expr.matchAll(/by\s*\(([^)]*)\)/g))
    for (const label of list.split(',').map((text) => text.trim()))
      if (!labels.has(label) && !given.includes(label)) found.push(`by (${label})`);
  return found;
}

test.each(rules.map((rule) => [rule.alert, rule] as const))('%s names what is there', (_name, rule) => {
  expect(Object.keys(rule).filter((key) => !['alert', 'expr', 'for', 'labels', 'annotations'].includes(key))).toEqual(
    [],
  );
  expect(problems(rule.expr)).toEqual([]);
  expect(rule.for ?? '1m').toMatch(/^\d+[smhd]$/);
  expect(['info', 'warning', 'critical']).toContain(rule.labels.severity);
  expect(Object.keys(rule.annotations)).toEqual(['summary', 'description']);
  // counters are looked at by how they grow
  for (const [name] of rule.expr.matchAll(/git_coord_\w+(?:_total|_bucket|_count|_sum)(?!\w)/g))
    expect(rule.expr).toMatch(new RegExp(`(?:rate|increase)\\(${name}(?:\\{[^}]*\\})?\\[\\d+[mh]\\]\\)`));
});

test('a name, a label or a value that is not there is found', () => {
  expect(problems('git_coord_claims > 0')).toEqual(['git_coord_claims']);
  expect(problems('rate(git_coord_claims_total{result="victory"}[5m]) > 0')).toHaveLength(1);
  expect(problems('git_coord_agents{state="busy"} > 0')).toHaveLength(1);
  expect(problems('sum by (task) (git_coord_queue_depth) > 0')).toEqual(['by (task)']);
  expect(problems('rate(git_coord_claim_duration_seconds[5m])')).toEqual(['git_coord_claim_duration_seconds']);
});

test('alerts have names of their own', () => {
  const names = rules.map(({ alert }) => alert);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(name).toMatch(/^GitCoord[A-Z]\w+$/);
});

test('docs/monitoring.md lists every metric that is served, its labels, and no other', () => {
  const rows = readFileSync(new URL('monitoring.md', docs), 'utf8').matchAll(/^\| `(git_coord_\w+)` \| (.*) \|$/gm);
  const listed = new Map([...rows].map(([, name = '', text = '']) => [name, text]));
  expect([...listed.keys()].sort()).toEqual([...families.keys()].sort());
  for (const [name, { samples }] of families) {
    const labels = new Set(samples.flatMap((one) => Object.keys(one.labels)).filter((label) => label !== 'le'));
    for (const label of labels) expect(listed.get(name), name).toContain(`\`${label}\``);
    expect(labels.has('task')).toBe(false);
  }
});
