// The claim is taken over while a landing's push is on its way: the server has said where its refs are, and has not been told what
// to move. The push then arrives as it was made, and must move nothing.
import { existsSync } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startHttpBackend } from '../helpers/http-backend.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { git } from '../helpers/repo.ts';
import { whyNot } from '../helpers/servers.ts';
import { startSshd } from '../helpers/sshd.ts';
import { startTcpProxy } from '../helpers/tcp-proxy.ts';
import { waitFor } from '../helpers/wait-for.ts';

const full = process.env.COORD_TEST_FULL === '1';
const side = full ? 3 : 2;

let project: Project;
const thieves: Agent[] = [];
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  project = await makeProject('path');
  for (let n = 0; n < side; n++) thieves.push(await project.agent(`thief-${n}`));
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
afterAll(() => project.close());

/** Holds back what a clone's next push says, once it has begun to say it. */
interface Holder {
  arm(): Promise<void>;
  holds(): boolean;
  deliver(): Promise<void>;
}

/** The server's command waits before it reads on: what the client was told is old by then. */
async function holdsAtServer(agent: Agent): Promise<Holder> {
  const [armed, held, wrapper] = ['armed', 'held', 'receive-pack'].map((name) => `${agent.dir}.${name}`) as [string, string, string]; // biome-ignore format: a line
  const text = `#!/bin/sh
[ -e '${armed}' ] || exec git receive-pack "$@"
{ head -c 4; touch '${held}'; while [ -e '${armed}' ]; do sleep 0.02; done; exec cat; } | git receive-pack "$@"
`;
  await writeFile(wrapper, text);
  await chmod(wrapper, 0o755);
  await agent.git('config', 'remote.origin.receivepack', wrapper);
  return {
    arm: () => rm(held, { force: true }).then(() => writeFile(armed, '')),
    holds: () => existsSync(held),
    deliver: () => rm(armed),
  };
}

/** The request waits on its way. */
async function holdsOnTheWay(agent: Agent): Promise<Holder> {
  const url = new URL(await agent.git('remote', 'get-url', 'origin'));
  const proxy = await startTcpProxy({ targetPort: Number(url.port) });
  stops.push(() => proxy.stop());
  url.port = `${proxy.port}`;
  await agent.git('remote', 'set-url', 'origin', url.href);
  // so that it is known whether posts are taken
  expect((await agent.run('init', '--remote', 'origin')).status).toBe(0);
  return {
    arm: async () => {
      proxy.faults.holdFrom = `POST ${url.pathname}/git-receive-pack`;
    },
    holds: () => proxy.heldBytes > 0,
    deliver: async () => proxy.deliver(),
  };
}

const ways = {
  path: { rounds: full ? 200 : 4, serve: async () => holdsAtServer },
  ssh: {
    rounds: full ? 200 : 4,
    serve: async () => {
      const sshd = await startSshd();
      stops.push(() => sshd.stop());
      return async (owner: Agent) => {
        await owner.git('config', 'core.sshCommand', sshd.sshCommand);
        await owner.git('remote', 'set-url', 'origin', sshd.url(project.home));
        return holdsAtServer(owner);
      };
    },
  },
  'HTTP, by a request of our own': { rounds: full ? 100 : 2, serve: serveHttp },
  'HTTP, by git': {
    rounds: full ? 100 : 2,
    serve: async () => {
      const holder = await serveHttp();
      return async (owner: Agent) => {
        // a setting that is git's to know
        await owner.git('config', 'http.userAgent', 'git/2.39');
        return holder(owner);
      };
    },
  },
} as const;

async function serveHttp() {
  const http = await startHttpBackend({ root: dirname(project.home) });
  stops.push(() => http.stop());
  return async (owner: Agent) => {
    await owner.git('remote', 'set-url', 'origin', http.url('remote.git'));
    return holdsOnTheWay(owner);
  };
}

describe.each(Object.entries(ways))('over %s', (name, { rounds, serve }) => {
  const missing = name === 'ssh' ? whyNot('ssh') : null;
  if (missing !== null) console.log(`SKIP stolen claims over ${name}: ${missing}`);
  test.skipIf(missing !== null)(
    `${rounds} landings whose claim was stolen land nothing`,
    { timeout: 3_600_000 },
    async () => {
      const holderOf = await serve();
      const word = name.replace(/\W+/g, '-').toLowerCase();
      await Promise.all(
        thieves.map(async (thief, n) => {
          const owner = await project.agent(`${word}-${n}`);
          const holder = await holderOf(owner);
          for (let round = n; round < rounds; round += side) await oneTheft(owner, thief, holder, `${word}-${round}`);
        }),
      );
      expect(await git(['log', '--format=%s', 'main'], { cwd: project.home })).toBe('Begin');
      if (full) console.log(`${name}: ${rounds} refused, 0 landed`);
    },
  );
});

async function oneTheft(owner: Agent, thief: Agent, holder: Holder, id: string): Promise<void> {
  expect((await owner.run('claim', id, '--ttl', '1h')).status).toBe(0);
  await owner.git('checkout', '--quiet', '--detach', 'origin/main');
  const work = await owner.work(id, id, 'by the owner');
  await holder.arm();
  const landing = owner.run('land', id);
  await waitFor(holder.holds, { what: `the push of ${id} is held back`, deadlineMs: 30_000 });
  await delay(full ? Math.random() * 300 : 0);
  const stolen = await thief.run('claim', id, '--force', '--ttl', '1h');
  expect(stolen.status, stolen.stderr).toBe(0);
  await delay(full ? Math.random() * 300 : 0);
  await holder.deliver();
  const landed = await landing;
  expect(landed.status, landed.stdout).toBe(5);
  expect(landed.error).toMatchObject({ code: 'lost', message: expect.stringContaining(thief.env.COORD_AGENT ?? '') });
  expect(await owner.git('rev-parse', `refs/heads/task/${id}`)).toBe(work);
  const log = await git(['log', '--format=%s', `refs/board/${id}`], { cwd: project.home });
  expect(log.split('\n').map((subject) => subject.split(':')[0])).toEqual(['take-over', 'claim']);
}
