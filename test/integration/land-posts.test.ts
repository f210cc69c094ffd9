// A landing over HTTP: two looks and one push, each a request of our own; what they can't do, git does.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openApp } from '../../src/app/open-app.ts';
import { sinceBootMs } from '../../src/config/boot.ts';
import { type HttpBackend, startHttpBackend } from '../helpers/http-backend.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { commitAll, git } from '../helpers/repo.ts';

let project: Project;
let http: HttpBackend;
let anna: Agent;
/** Refuses what is so named, as a server that takes git's own requests alone. */
let refused: string | null = null;

beforeAll(async () => {
  project = await makeProject('path');
  http = await startHttpBackend({
    root: join(project.home, '..'),
    onRequest: (request, response) => {
      if (refused === null || request.method !== 'POST' || request.headers['user-agent'] !== 'git/git-coord')
        return false;
      if (!request.url?.endsWith(refused)) return false;
      response.writeHead(403).end();
      return true;
    },
  });
  anna = await project.agent('anna');
  await anna.git('remote', 'set-url', 'origin', http.url('remote.git'));
  const joined = await anna.run('init', '--remote', 'origin');
  expect(joined.status, joined.stderr).toBe(0);
});
afterEach(() => {
  refused = null;
});
afterAll(async () => {
  await http.stop();
  await project.close();
});

async function landing(id: string, text = 'by anna') {
  await anna.git('checkout', '--quiet', '--detach', 'origin/main');
  expect((await anna.run('claim', id)).status).toBe(0);
  await anna.work(id, id, text);
  const before = http.requests.length;
  const landed = await anna.run('land', id);
  expect(landed.status, landed.stderr).toBe(0);
  expect(await project.main()).toBe(landed.data.landed.commit);
  await git(['fsck', '--connectivity-only'], { cwd: project.home });
  return http.requests.slice(before).map((request) => request.replace(/.*\/(info\/refs\?service=)?/, ''));
}

test('is three requests', async () => {
  expect(await landing('a')).toEqual(['git-upload-pack', 'git-upload-pack', 'git-receive-pack']);
  expect((await anna.run('log', 'a')).data.entries.map(({ op }: { op: string }) => op)).toEqual(['done', 'claim']);
});

test('is known in this clone at once, without asking', async () => {
  await landing('b');
  const { tasks } = (await anna.run('list', '--cached')).data;
  expect(tasks.find(({ id }: { id: string }) => id === 'b')).toMatchObject({ state: 'done' });
});

test('sees what others changed: the task, and the target', async () => {
  await anna.git('checkout', '--quiet', '--detach', 'origin/main');
  const ben = await project.agent('ben');
  expect((await anna.run('claim', 'c')).status).toBe(0);
  await anna.work('c', 'c', 'c');
  expect((await ben.run('edit', 'c', '--title', 'A better title')).status).toBe(0);
  await writeFile(join(ben.dir, 'other'), 'x');
  await commitAll(ben.dir, 'Other');
  await ben.git('push', '--quiet', 'origin', 'HEAD:main');
  const landed = await anna.run('land', 'c');
  expect(landed.status, landed.stderr).toBe(0);
  expect(landed.data.task.title).toBe('A better title');
  expect(await git(['log', '-2', '--format=%s', 'main'], { cwd: project.home })).toBe('Change c\nOther');
});

/** The whole book, as a daemon's look leaves it. */
async function look(): Promise<void> {
  const app = await openApp({ cwd: anna.dir, env: { ...process.env, ...anna.env }, warn: () => {} });
  const startedMs = sinceBootMs();
  const { board, claims } = {
    board: app.context.store.layout.all('board'),
    claims: app.context.store.layout.all('claims'),
  };
  await app.context.store.read([board, claims]);
  app.fresh.readWhole(startedMs);
  await app.close();
}

async function claimedAndSeen(id: string): Promise<void> {
  await anna.git('checkout', '--quiet', '--detach', 'origin/main');
  expect((await anna.run('claim', id)).status).toBe(0);
  await anna.work(id, id, id);
  await look();
}

describe('without checks, by what the daemon has just seen of the task', () => {
  beforeAll(async () => {
    anna.env.COORD_POLL_INTERVAL = '1m';
    for (const name of ['lint', 'typeCheck', 'test', 'build', 'security'])
      await anna.git('config', `coord.quality.${name}Command`, 'off');
    await anna.git('config', 'coord.quality.complexityMax', 'off');
  });

  test('asks for the target alone', async () => {
    // the look may be too old on a machine that is busy
    const requestsOf = async (id: string) => {
      await claimedAndSeen(id);
      const before = http.requests.length;
      expect((await anna.run('land', id)).status).toBe(0);
      return http.requests.slice(before).map((request) => request.replace(/.*[/]/, ''));
    };
    const all = [];
    for (const id of ['seen-1', 'seen-2', 'seen-3', 'seen-4']) all.push(await requestsOf(id));
    expect(all).toContainEqual(['git-upload-pack', 'git-receive-pack']);
  });

  test('that was changed since: decided again', async () => {
    const ben = await project.agent('ben-2');
    await claimedAndSeen('e');
    expect((await ben.run('edit', 'e', '--title', 'A better title')).status).toBe(0);
    const landed = await anna.run('land', 'e');
    expect(landed.data.task).toMatchObject({ state: 'done', title: 'A better title' });
  });

  test('that was taken over since: refused', async () => {
    const ben = await project.agent('ben-3');
    await claimedAndSeen('f');
    const main = await project.main();
    expect((await ben.run('claim', 'f', '--force')).status).toBe(0);
    const refused = await anna.run('land', 'f');
    expect([refused.status, refused.error?.code]).toEqual([5, 'lost']);
    expect(await project.main()).toBe(main);
  });
});

test('of much work is pushed by git', async () => {
  const much = randomBytes(1024 * 1024).toString('base64');
  expect((await landing('d', much)).at(-1)).toBe('git-receive-pack');
});

test.each(['git-upload-pack', 'git-receive-pack'])(
  'where %s takes no such request, git makes its own',
  async (service) => {
    refused = service;
    const requests = await landing(service);
    expect(requests.length).toBeGreaterThan(3);
  },
);
