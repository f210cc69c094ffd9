// The metrics of a clone of a real remote: what commands did, what the logs say, how the book is, across everything that goes.
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { metricsOf, metricsReader } from '../../src/app/metrics-on-app.ts';
import { hostOf } from '../../src/config/hosts.ts';
import { type Agent, closeAgents, codeOf, handClock, joinBook, makeBook, openAgent } from '../helpers/book.ts';
import { cliJson } from '../helpers/cli.ts';
import { readExposition, valueIn } from '../helpers/exposition.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let bare: string;
let anna: Agent;
let ben: Agent;
const clock = handClock();
const dirOf = (name: string) => join(scratch.dir, name);
const coordFile = (agent: string, name: string) => join(dirOf(agent), '.git/coord', name);

beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(dirOf('remote.git'));
  const id = await makeBook(bare, bare);
  const open = async (agent: string) => openAgent(await joinBook(bare, dirOf(agent), id), { agent, clock });
  anna = await open('anna');
  ben = await open('ben');
});
afterEach(async () => {
  await closeAgents();
  await scratch.remove();
});

const cli = (agent: string, ...args: string[]) =>
  cliJson(args, { cwd: dirOf(agent), env: { COORD_AGENT: agent, COORD_SESSION: `s-${agent}` } });
const scrape = async ({ app }: Agent) => readExposition(await metricsOf(app));
/** What a scrape of that agent's clone says of these, each as `name` or `name label=value`. */
async function values(agent: Agent, ...names: string[]) {
  const families = await scrape(agent);
  const value = (name = '', ...pairs: string[]) =>
    valueIn(families, `git_coord_${name}`, Object.fromEntries(pairs.map((pair) => pair.split('='))));
  return names.map((name) => value(...name.split(' ')));
}

test('what commands did: claims by result, renewals, fenced refusals, sweeps, pushes, round trips', async () => {
  await anna.book.add({ id: 'a', title: 'a' });
  expect((await cli('anna', 'claim', 'a')).status).toBe(0);
  expect((await cli('anna', 'claim', 'a')).data.via).toBe('already-mine');
  expect((await cli('ben', 'claim', 'a')).status).toBe(4);
  expect((await cli('ben', 'claim', 'nowhere', '--no-create')).status).toBe(3);
  await ben.book.claim('a', { force: true });
  expect((await cli('anna', 'done', 'a')).status).toBe(5);
  expect((await cli('ben', 'sweep', '--wait', '0s')).status).toBe(0);
  const ofAnna = await values(
    anna,
    'claims_total result=won',
    'claims_total result=lost',
    'claim_duration_seconds_count',
    'fenced_refusals_total',
    'commands_total command=claim result=ok',
    'commands_total command=done result=lost',
  );
  expect(ofAnna).toEqual([1, 0, 1, 1, 2, 1]);
  const ofBen = [
    'claims_total result=won',
    'claims_total result=lost',
    'claims_total result=refused',
    'sweeps_total result=ok',
  ];
  expect(await values(ben, ...ofBen)).toEqual([1, 1, 1, 1]);
  const [pushes, sent, looks] = await values(
    ben,
    'pushes_total',
    'round_trip_duration_seconds_count operation=push',
    'round_trip_duration_seconds_count operation=look',
  );
  expect(pushes).toBe(sent);
  expect(pushes).toBeGreaterThan(0);
  expect(looks).toBeGreaterThan(0);
});

test("the host's limit of pushes stands beside them, where one is known", async () => {
  const limit = async (url: string) => {
    const host = hostOf(url);
    const text = await metricsOf({ ...anna.app, book: { ...anna.app.book, host } });
    return valueIn(readExposition(text), 'git_coord_pushes_per_minute_limit', {});
  };
  expect(await limit('git@github.com:team/project.git')).toBe(6);
  expect((await scrape(anna)).has('git_coord_pushes_per_minute_limit')).toBe(false);
});

test('a renewal counts by the claim, with how long it took', async () => {
  await anna.book.claim('a', { ttlMs: 20_000 });
  clock.pass(15_000);
  await anna.book.renew();
  const names = ['renewals_total result=renewed', 'renewals_total result=lost', 'renew_duration_seconds_count'];
  expect(await values(anna, ...names)).toEqual([1, 0, 1]);
});

test('the remote is away: claims count as errors, what was last seen is shown and said to be old', async () => {
  await anna.book.add({ id: 'a', title: 'a' });
  await anna.book.list();
  await git(['config', 'remote.origin.url', dirOf('nowhere.git')], { cwd: dirOf('anna') });
  const cut = await openAgent(dirOf('anna'), { agent: 'anna', clock });
  expect(await codeOf(cut.book.claim('a'))).toBe('unavailable');
  const names = ['claims_total result=error', 'book_reachable', 'queue_depth', 'tasks_added_total'];
  expect(await values(cut, ...names)).toEqual([1, 0, 1, 1]);
  expect(await values(anna, 'book_reachable')).toEqual([1]);
});

test('how the book is: queue, its age, states, agents', async () => {
  await anna.book.add({ id: 'a', title: 'a', priority: 9 });
  await anna.book.add({ id: 'b', title: 'b', needs: ['a'] });
  await anna.book.add({ id: 'c', title: 'c' });
  await anna.book.claim('a', { ttlMs: 20_000 });
  const names = [
    'tasks state=open',
    'tasks state=claimed',
    'tasks state=done',
    'queue_depth',
    'tasks_blocked',
    'queue_paused',
  ];
  expect(await values(ben, ...names)).toEqual([2, 1, 0, 1, 1, 0]);
  expect(await values(ben, 'agents status=busy', 'agents status=offline', 'claims_lapsed')).toEqual([1, 0, 0]);
  const [age] = await values(ben, 'queue_oldest_age_seconds');
  expect(age).toBeGreaterThanOrEqual(0);
  expect(age).toBeLessThan(600);
  await ben.book.pause();
  clock.pass(40_000);
  expect(await values(ben, 'agents status=busy', 'agents status=offline', 'claims_lapsed', 'queue_paused')).toEqual([
    0, 1, 1, 1,
  ]);
  expect((await scrape(ben)).get('git_coord_build_info')?.samples[0]?.labels).toEqual({ version: '0.0.0-dev' });
});

test('what the logs say, whoever did it; each step counts once, also of what was archived or lost meanwhile', async () => {
  await anna.book.add({ id: 'a', title: 'a', type: 'docs', retryLimit: 1 });
  await anna.book.claim('a');
  await anna.book.fail('a', 'no luck');
  const ended = (result: string) => `tenures_ended_total agent=anna type=docs result=${result}`;
  const names = [ended('failed'), ended('succeeded'), 'retries_total', 'dead_letters_total', 'tasks_added_total'];
  expect(await values(ben, ...names)).toEqual([1, undefined, 1, 0, 1]);
  await anna.book.claim('a');
  await anna.book.fail('a', 'again');
  expect(await values(ben, ...names.slice(2))).toEqual([1, 1, 1]);
  // came, was done and went to the archive between two looks
  await anna.book.claim('b');
  await anna.book.done('b');
  await anna.book.archive();
  clock.pass(3_600_000);
  expect((await anna.book.archive()).archived).toEqual(['b']);
  const after = [
    'tasks_added_total',
    'task_run_seconds_count result=succeeded',
    'tasks state=done',
    'dead_letters_total',
  ];
  expect(await values(ben, ...after)).toEqual([2, 1, 0, 1]);
  await anna.book.add({ id: 'c', title: 'c' });
  expect(await values(ben, 'tasks_added_total')).toEqual([3]);
  const lost = await git(['rev-parse', 'refs/board/c'], { cwd: bare });
  await git(['update-ref', '-d', 'refs/board/c'], { cwd: bare });
  expect(await values(ben, 'tasks_added_total', 'queue_depth')).toEqual([3, 0]);
  await git(['update-ref', 'refs/board/c', lost], { cwd: bare });
  expect(await values(ben, 'tasks_added_total', 'queue_depth')).toEqual([3, 1]);
  // another clone, which looks for the first time, comes to the same figures
  expect(await values(anna, 'tasks_added_total', 'dead_letters_total')).toEqual([3, 1]);
});

test('counters survive the process and the rotation of the lines', async () => {
  await anna.book.claim('a');
  await anna.app.close();
  const names = ['claims_total result=won', 'commands_total command=list result=ok'];
  const again = await openAgent(dirOf('anna'), { agent: 'anna', clock });
  expect(await values(again, ...names)).toEqual([1, undefined]);
  for (let rotations = 1; rotations <= 3; rotations++) {
    const noise = `${JSON.stringify({ at: `R${rotations}`, op: 'noise', result: 'ok', pushes: 1 }).padEnd(1100)}\n`;
    appendFileSync(coordFile('anna', 'metrics.ndjson'), noise.repeat(1000));
    expect((await cli('anna', 'list')).status).toBe(0);
  }
  expect(readFileSync(coordFile('anna', 'metrics.ndjson.1'), 'utf8')).not.toContain('R2');
  expect(await values(again, ...names, 'commands_total command=noise result=ok')).toEqual([1, 3, 3000]);
  rmSync(coordFile('anna', 'metrics.ndjson.1'));
  expect(await values(again, ...names, 'commands_total command=noise result=ok')).toEqual([1, 3, 3000]);
});

test('who asks while a look is under way gets its answer; the next look is a new one', async () => {
  const read = metricsReader(anna.app);
  const [first, second] = [read(), read()];
  expect(second).toBe(first);
  await first;
  await anna.book.add({ id: 'a', title: 'a' });
  expect(valueIn(readExposition(await read()), 'git_coord_queue_depth')).toBe(1);
});

test('nothing is counted where metrics are off', async () => {
  const env = { COORD_MONITORING_METRICS_ENABLED: 'false' };
  const quiet = await openAgent(dirOf('anna'), { agent: 'anna', clock, env });
  await quiet.book.claim('a');
  expect(await values(quiet, 'claims_total result=won', 'tasks_added_total')).toEqual([0, 1]);
});

test('hostile titles, types and names change nothing but themselves', async () => {
  const types = ['"} 9\ngit_coord_tasks 9', 'x\\', '\x1b[2J\u202e', 'ä'.repeat(200)];
  for (const [n, type] of types.entries()) {
    await anna.book.add({ id: `t${n}`, title: `"} 1\n# TYPE x counter ${type}`.slice(0, 500), type });
    await anna.book.claim(`t${n}`);
    await anna.book.done(`t${n}`);
  }
  const families = await scrape(anna);
  const labels = families.get('git_coord_tenures_ended_total')?.samples.map((sample) => sample.labels.type);
  expect(labels?.sort()).toEqual(['"} 9 git_coord_tasks 9', '[2J', 'x\\', 'ä'.repeat(100)].sort());
  expect(JSON.stringify([...families])).not.toContain('t0');
});
