// /metrics of a dashboard that runs: who may read it, what it says, also of a book with nothing to show.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { seeDaemon } from '../../src/daemon-link/control-daemon.ts';
import { type Agent, closeAgents, makeLocalBook, openAgent } from '../helpers/book.ts';
import { cliJson } from '../helpers/cli.ts';
import { ask, freePort, type RunningDashboard, startDashboard, stopDashboards } from '../helpers/dashboard.ts';
import { readExposition, valueIn } from '../helpers/exposition.ts';
import { git, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let scratch: Scratch;
let dir: string;
let anna: Agent;

beforeAll(() => {
  execFileSync(process.execPath, [join(fileURLToPath(new URL('../..', import.meta.url)), 'scripts/build.mjs')]);
});
beforeEach(async () => {
  scratch = await makeScratch();
  dir = await makeLocalBook(join(scratch.dir, 'shop'));
  anna = await openAgent(dir, { agent: 'anna' });
});
afterEach(async () => {
  await stopDashboards();
  await closeAgents();
  await scratch.remove();
});

const scrape = async (dashboard: Pick<RunningDashboard, 'port'>) => {
  const { status, headers, body } = await ask(dashboard, '/metrics');
  expect({ status, type: headers['content-type'] }).toEqual({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
  });
  return readExposition(body);
};

test('what a scraper gets, from one dashboard and from the next', async () => {
  await anna.book.claim('a');
  await anna.book.done('a');
  await anna.app.close();
  const first = await startDashboard(dir);
  const before = await scrape(first);
  expect(valueIn(before, 'git_coord_claims_total', { result: 'won' })).toBe(1);
  expect(valueIn(before, 'git_coord_tasks', { state: 'done' })).toBe(1);
  await first.stop();
  const after = await scrape(await startDashboard(dir));
  expect(valueIn(after, 'git_coord_claims_total', { result: 'won' })).toBe(1);
  expect(valueIn(after, 'git_coord_tasks_added_total')).toBe(1);
  expect(valueIn(after, 'git_coord_commands_total', { command: 'dashboard', result: 'ok' })).toBe(1);
  for (const [name, { type, samples }] of before) {
    if (type === 'gauge') continue;
    for (const sample of samples)
      expect(valueIn(after, sample.name, sample.labels), name).toBeGreaterThanOrEqual(sample.value);
  }
});

test('no token is needed; another name and another site are refused', async () => {
  const dashboard = await startDashboard(dir);
  const { port } = dashboard;
  expect((await ask(dashboard, '/metrics', { headers: { host: `evil.example:${port}` } })).status).toBe(403);
  expect((await ask(dashboard, '/metrics', { headers: { origin: 'http://evil.example' } })).status).toBe(403);
  expect((await ask(dashboard, '/metrics', { method: 'POST' })).status).toBe(404);
  expect((await ask(dashboard, '/metrics', { headers: { host: `localhost:${port}` } })).status).toBe(200);
});

test('off, and without a book: no 200 that a scraper would take for figures', async () => {
  await git(['config', 'coord.monitoring.metricsEnabled', 'false'], { cwd: dir });
  const off = await ask(await startDashboard(dir), '/metrics');
  expect(off).toMatchObject({ status: 404, body: 'monitoring.metrics_enabled is false\n' });
  await stopDashboards();
  await git(['config', 'coord.monitoring.metricsEnabled', 'true'], { cwd: dir });
  const on = await startDashboard(dir);
  await git(['update-ref', '-d', 'refs/coord/format'], { cwd: dir });
  expect((await ask(on, '/metrics')).status).toBe(503);
});

test('the daemon serves it where that is configured, stays while it is asked, and lets nobody act', async () => {
  const port = await freePort();
  await git(['config', 'coord.monitoring.dashboard', 'daemon'], { cwd: dir });
  await git(['config', 'coord.monitoring.dashboardPort', String(port)], { cwd: dir });
  const env = { COORD_DAEMON_IDLE_MS: '3000' };
  const isThere = async () => (await seeDaemon(join(dir, '.git/coord'))).kind === 'running';
  try {
    expect((await cliJson(['daemon', 'start'], { cwd: dir, env })).status).toBe(0);
    await waitFor(() => scrape({ port }).catch(() => null), { what: 'the daemon serves' });
    await anna.book.claim('a');
    anna.app.context.held.remove('a');
    const startedMs = performance.now();
    await waitFor(
      async () => {
        const families = await scrape({ port });
        const claimed = valueIn(families, 'git_coord_tasks', { state: 'claimed' });
        expect(claimed).toBe(1);
        return performance.now() - startedMs > 5000;
      },
      { what: 'longer than it stays when nobody asks' },
    );
    expect(await isThere()).toBe(true);
    const headers = { 'content-type': 'application/json', 'content-length': '2', authorization: 'Bearer null' };
    expect((await ask({ port }, '/actions', { method: 'POST', headers, body: '{}' })).status).toBe(403);
    await waitFor(async () => !(await isThere()), { what: 'it ends when nobody asks', deadlineMs: 20_000 });
    await expect(ask({ port }, '/metrics')).rejects.toThrow();
  } finally {
    await cliJson(['daemon', 'stop'], { cwd: dir });
  }
});
