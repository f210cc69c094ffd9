// The dashboard's server: who may ask, what is told, and how a client goes on.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { BookFact } from '../../src/dashboard/rows.ts';
import { type Agent, closeAgents, joinBook, makeBook, makeLocalBook, openAgent } from '../helpers/book.ts';
import { cli } from '../helpers/cli.ts';
import { ask, freePort, listen, type RunningDashboard, startDashboard, stopDashboards } from '../helpers/dashboard.ts';
import { git, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let scratch: Scratch;
let anna: Agent;
let dir: string;

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs')]);
});
beforeEach(async () => {
  scratch = await makeScratch();
  dir = await makeLocalBook(join(scratch.dir, 'shop'));
  anna = await openAgent(dir, { agent: 'anna' });
  await anna.book.add({ id: 'a', title: 'Build the API', priority: 5 });
  await anna.book.add({ id: 'b', title: 'Test the API', needs: ['a'] });
});
afterEach(async () => {
  await stopDashboards();
  await closeAgents();
  await scratch.remove();
});

const hostOf = ({ port }: RunningDashboard) => `127.0.0.1:${port}`;

test('the page and its parts are served, under a policy that lets nothing else in', async () => {
  const dashboard = await startDashboard(dir);
  for (const [path, type] of [
    ['/', 'text/html'],
    ['/dashboard.js', 'text/javascript'],
    ['/dashboard.css', 'text/css'],
    ['/icon.svg', 'image/svg+xml'],
  ] as const) {
    const { status, headers, body } = await ask(dashboard, path);
    expect({ path, status }).toEqual({ path, status: 200 });
    expect(headers['content-type']).toContain(type);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(body).not.toMatch(/https?:\/\/(?!www\.w3\.org|127\.0\.0\.1)[a-z]/);
    if (path === '/') expect(body).not.toMatch(/<script>|<style| style=| on[a-z]+=/);
  }
  expect((await ask(dashboard, '/nothing')).status).toBe(404);
  expect(dashboard.said()).not.toContain(dashboard.token);
  expect(await dashboard.stop()).toBe(0);
});

test('who asks for the head of the events is no page that stays', async () => {
  const dashboard = await startDashboard(dir);
  const heads = Array.from({ length: 60 }, () => ask(dashboard, '/events', { method: 'HEAD' }));
  expect(new Set((await Promise.all(heads)).map(({ status }) => status))).toEqual(new Set([200]));
  const page = await listen(dashboard);
  await waitFor(() => page.told.length > 0, { what: 'a page is told' });
  page.close();
});

test('requests that nobody ends take the place of others for seconds alone', async () => {
  const dashboard = await startDashboard(dir);
  const open = (begun: string): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connect(dashboard.port, '127.0.0.1', () => socket.write(begun, () => resolve(socket)));
      socket.on('error', () => {});
    });
  const begun = ['GET / HTTP/1.1\r\nHost: x\r\n', ''];
  const sockets = await Promise.all(Array.from({ length: 210 }, (_, i) => open(begun[i % 2] ?? '')));
  const isServed = () =>
    ask(dashboard, '/').then(
      ({ status }) => status === 200,
      () => false,
    );
  expect(await isServed()).toBe(false);
  await waitFor(isServed, { what: 'the page is served again', deadlineMs: 20_000 });
  for (const socket of sockets) socket.destroy();
});

test('a clone that is moved is away, is not begun anew in its old place, and is shown once it is back', async () => {
  const remote = join(scratch.dir, 'remote.git');
  await git(['init', '--quiet', '--bare', remote], { cwd: '/' });
  const clone = await joinBook(remote, join(scratch.dir, 'clone'), await makeBook(remote, dir));
  await git(['config', 'coord.pollInterval', '1s'], { cwd: clone });
  for (const [place, root] of [
    [dir, dir],
    [clone, clone],
    [clone, join(clone, '.git')],
  ] as const) {
    const dashboard = await startDashboard(place);
    const page = listen(dashboard);
    const awayNow = () =>
      page.told
        .flatMap(({ message }) => message?.set?.facts ?? [])
        .findLast((fact): fact is BookFact => fact.key === 'book')?.away;
    await waitFor(() => awayNow() === null, { what: 'the book is shown' });
    renameSync(root, `${root}-moved`);
    await waitFor(() => awayNow() != null, { what: 'the clone is away', deadlineMs: 60_000 });
    expect(existsSync(root)).toBe(false);
    renameSync(`${root}-moved`, root);
    await waitFor(() => awayNow() === null, { what: 'it is back', deadlineMs: 60_000 });
    expect(await dashboard.stop()).toBe(0);
    page.close();
  }
});

test('another name, another site and a missing token are refused, and nothing is done', async () => {
  const dashboard = await startDashboard(dir);
  const host = hostOf(dashboard);
  const body = JSON.stringify({ action: 'cancel', task: 'a' });
  const headers = {
    ...{ host, origin: `http://${host}`, 'content-type': 'application/json' },
    ...{ 'content-length': String(body.length), authorization: `Bearer ${dashboard.token}` },
  };
  const post = async (change: Record<string, string>, without: string[] = [], sent = body) => {
    const kept = Object.entries({ ...headers, ...change }).filter(([name]) => !without.includes(name));
    return (await ask(dashboard, '/actions', { method: 'POST', headers: Object.fromEntries(kept), body: sent })).status;
  };
  for (const path of ['/', '/events', '/dashboard.js']) {
    const rebound = await ask(dashboard, path, { headers: { host: `evil.example:${dashboard.port}` } });
    expect(rebound).toMatchObject({ status: 403, body: 'this address is not served here\n' });
    expect(rebound.headers['access-control-allow-origin']).toBe(undefined);
  }
  expect((await ask(dashboard, '/events', { headers: { origin: 'http://evil.example' } })).status).toBe(403);
  expect(await post({ host: 'evil.example' })).toBe(403);
  expect(await post({ origin: 'http://evil.example' })).toBe(403);
  expect(await post({ 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await post({ authorization: 'Bearer guessed' })).toBe(403);
  expect(await post({}, ['authorization'])).toBe(403);
  expect(await post({ 'content-type': 'text/plain' })).toBe(415);
  expect(await post({ 'content-length': '5000' }, [], `${body}${' '.repeat(5000 - body.length)}`)).toBe(413);
  expect(await post({ 'content-length': '3' }, [], '{no')).toBe(400);
  expect((await anna.book.show('a')).state).toBe('open');
  expect(await post({})).toBe(200);
  expect((await anna.book.show('a')).state).toBe('cancelled');
});

test('tasks are moved, retried and taken from their holder, as the command line does it', async () => {
  const dashboard = await startDashboard(dir);
  const host = hostOf(dashboard);
  const act = async (action: object) => {
    const body = JSON.stringify(action);
    const headers = {
      ...{ host, 'content-type': 'application/json', 'content-length': String(body.length) },
      authorization: `Bearer ${dashboard.token}`,
    };
    const reply = await ask(dashboard, '/actions', { method: 'POST', headers, body });
    return { status: reply.status, ...JSON.parse(reply.body) };
  };
  expect(await act({ action: 'priority', task: 'b', priority: 9 })).toMatchObject({ ok: true, data: { priority: 9 } });
  await anna.book.claim('a');
  expect(await act({ action: 'release', task: 'a' })).toMatchObject({ ok: true, data: { state: 'open' } });
  expect((await anna.book.show('a')).claim).toBe(null);
  expect(await act({ action: 'release', task: 'a' })).toMatchObject({ status: 409, error: { code: 'not-ready' } });
  expect(await act({ action: 'retry', task: 'none' })).toMatchObject({ status: 404, error: { code: 'not-found' } });
  expect(await act({ action: 'done', task: 'a' })).toMatchObject({ status: 400, error: { code: 'usage' } });
});

test('a client is told all, then what changes, and goes on where it was cut off', async () => {
  const dashboard = await startDashboard(dir);
  const first = listen(dashboard);
  const whole = await waitFor(() => first.told[0], { what: 'the first message' });
  expect(whole.message?.whole).toBe(true);
  expect(whole.message?.set.tasks).toMatchObject([
    { key: 'a', group: 'ready', priority: 5 },
    { key: 'b', group: 'blocked', because: ['needs a (open)'] },
  ]);
  expect(whole.message?.set.events?.map(({ type, task }) => `${type} ${task}`)).toEqual(['task.add a', 'task.add b']);
  await anna.book.claim('a');
  const claimed = await waitFor(
    () => first.told.find(({ message }) => message?.set.tasks?.some(({ group }) => group === 'claimed')),
    { what: 'the claim is told' },
  );
  expect(claimed.message?.whole).toBe(undefined);
  expect(claimed.message?.set.tasks?.map(({ key }) => key)).toContain('a');
  first.close();
  await anna.book.progress('a', 'half', 50);
  await anna.book.done('a');
  const second = listen(dashboard, '', { 'last-event-id': claimed.id });
  const done = await waitFor(
    () => second.told.find(({ message }) => message?.set.events?.some(({ type }) => type === 'task.done')),
    { what: 'what happened meanwhile is told' },
  );
  expect(second.told.filter(({ message }) => message?.whole)).toEqual([]);
  expect(done.message?.set.tasks).toMatchObject([{ key: 'b', group: 'ready' }]);
  expect(second.told.flatMap(({ message }) => message?.gone.tasks ?? [])).toContain('a');
  second.close();
  const other = listen(dashboard, '?after=0123.5');
  expect((await waitFor(() => other.told[0], { what: 'all is told anew' })).message?.whole).toBe(true);
  other.close();
});

test('a book that can not be read is said so, and what was last seen stays', async () => {
  const dashboard = await startDashboard(dir);
  const client = listen(dashboard);
  await waitFor(() => client.told[0], { what: 'the first message' });
  execFileSync('git', ['update-ref', '-d', 'refs/coord/format'], { cwd: dir });
  const away = await waitFor(() => client.told.find(({ data }) => data.includes('"away":{')), { what: 'it is said' });
  expect(away.data).toContain('there is no book');
  expect(away.message?.gone).toEqual({});
  client.close();
});

test('the next free port is taken, and said', async () => {
  const port = await freePort();
  const taken = createServer().listen(port, '127.0.0.1');
  try {
    const dashboard = await startDashboard(dir, port);
    expect(dashboard.port).toBeGreaterThan(port);
    expect(dashboard.said()).toContain(`port ${port} is taken; this is ${dashboard.port}`);
  } finally {
    taken.close();
  }
});

test('the daemon serves it where the configuration says so, to look at alone', async () => {
  const port = await freePort();
  const env = { COORD_MONITORING_DASHBOARD: 'daemon', COORD_MONITORING_DASHBOARD_PORT: String(port) };
  const log = join(dir, '.git/coord/daemon.log');
  await cli(['daemon', 'start'], { cwd: dir, env });
  try {
    const url = await waitFor(
      () => /serves the dashboard at (\S+)/.exec(existsSync(log) ? readFileSync(log, 'utf8') : '')?.[1],
      {
        what: 'the log names the address',
      },
    );
    const at = { port: Number(new URL(url).port) };
    expect((await ask(at, '/')).status).toBe(200);
    const body = JSON.stringify({ action: 'cancel', task: 'a' });
    const headers = {
      'content-type': 'application/json',
      'content-length': String(body.length),
      authorization: 'Bearer null',
    };
    expect((await ask(at, '/actions', { method: 'POST', headers, body })).status).toBe(403);
    const client = listen(at);
    await waitFor(() => client.told[0], { what: 'a client is told' });
    await anna.book.claim('a');
    await waitFor(() => client.told.some(({ data }) => data.includes('"group":"claimed"')), {
      what: 'the claim is told',
    });
  } finally {
    const stopped = await cli(['daemon', 'stop'], { cwd: dir, env });
    expect(stopped.status).toBe(0);
  }
  expect(readFileSync(log, 'utf8')).toContain('ended: it was told to end');
});

test('the daemon serves it elsewhere, or no more, as the configuration changes', async () => {
  const [first, second] = [await freePort(), await freePort()];
  const set = (key: string, value: string) => git(['config', `coord.monitoring.${key}`, value], { cwd: dir });
  const isServed = (port: number) =>
    ask({ port }, '/').then(
      () => true,
      () => false,
    );
  await set('dashboard', 'daemon');
  await set('dashboardPort', String(first));
  await cli(['daemon', 'start'], { cwd: dir });
  try {
    await waitFor(() => isServed(first), { what: 'it is served' });
    await set('dashboardPort', String(second));
    await waitFor(() => isServed(second), { what: 'it is served at the other port' });
    expect(await isServed(first)).toBe(false);
    await set('dashboard', 'off');
    await waitFor(async () => !(await isServed(second)), { what: 'it is served no more' });
  } finally {
    expect((await cli(['daemon', 'stop'], { cwd: dir })).status).toBe(0);
  }
});
