// What a remote allows is found out by git alone: honest servers, servers with policies, and servers that lie.
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ProbeResult, probeRemote } from '../../src/transport/git/probe.ts';
import { type Clients, makeClients, storeOf } from '../helpers/git-clients.ts';
import { type HttpBackendOptions, startHttpBackend } from '../helpers/http-backend.ts';
import { putLiar } from '../helpers/liar.ts';
import { git, makeBareRepo } from '../helpers/repo.ts';
import { type ServerKind, startServer, type TestServer, whyNot } from '../helpers/servers.ts';

let clients: Clients;
let bare: string;
let clone: string;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  clients = await makeClients();
  bare = await makeBareRepo(join(clients.dir, 'remote.git'));
  clone = await clients.clone(bare);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await clients.close();
});

interface Variant {
  readonly prefix?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  readonly objectFormat?: 'sha1' | 'sha256';
}

function probe(from = clone, variant: Variant = {}): Promise<ProbeResult> {
  return probeRemote({
    store: storeOf(from),
    cloneGitDir: join(from, '.git'),
    cloneTop: from,
    remote: 'origin',
    prefix: variant.prefix ?? 'refs/',
    objectFormat: variant.objectFormat ?? 'sha1',
    env: { ...process.env, ...variant.env },
    timeoutMs: variant.timeoutMs ?? 30_000,
  });
}

async function serve(options: Partial<HttpBackendOptions>): Promise<string> {
  const server = await startHttpBackend({ root: clients.dir, ...options });
  stops.push(server.stop);
  return clients.clone(server.url('remote.git'));
}

const set = (key: string, value: string) => git(['config', key, value], { cwd: bare });
const refsOf = (dir: string) => git(['for-each-ref', '--format=%(refname)'], { cwd: dir });
const allowsAll = {
  pushRights: true,
  customRefs: true,
  atomic: true,
  compareAndSwap: true,
  nonFastForward: true,
  deletes: true,
  protocolV2: true,
};

describe.each<ServerKind>(['path', 'http', 'ssh'])('git itself over %s', (kind) => {
  const missing = whyNot(kind);
  if (missing !== null) console.info(`SKIP probe over ${kind}: ${missing}`);
  const formats = kind === 'path' ? (['sha1', 'sha256'] as const) : (['sha1'] as const);

  test.skipIf(missing !== null).each(formats)('allows all, in %s, and keeps nothing of it', async (objectFormat) => {
    const server: TestServer = await startServer(kind, objectFormat);
    stops.push(server.stop);
    const own = await clients.clone(server.url, objectFormat);
    const result = await probe(own, { env: server.env, objectFormat });
    expect(result).toEqual({ ...allowsAll, posts: kind !== 'ssh', words: {}, pushes: 4 });
    expect(await refsOf(server.bareDir)).toBe('');
    expect((await readdir(join(own, '.git', 'coord'))).sort()).toEqual(['store.git']);
  });
});

describe('a server with a policy', () => {
  test('without atomic', async () => {
    await set('receive.advertiseAtomic', 'false');
    const result = await probe();
    expect(result).toMatchObject({ ...allowsAll, atomic: false });
    expect(result.words.atomic).toContain('--atomic');
  });

  test('that denies replacements and deletions of branches: its refs are used again by the next probe', async () => {
    await set('receive.denyNonFastForwards', 'true');
    await set('receive.denyDeletes', 'true');
    const result = await probe(clone, { prefix: 'refs/heads/coord/' });
    expect(result).toMatchObject({ ...allowsAll, nonFastForward: false, deletes: false });
    expect(result.words.nonFastForward).toContain('non-fast-forward');
    expect(result.words.deletes).toContain('deletion prohibited');
    const left = await refsOf(bare);
    expect(left.split('\n')).toHaveLength(2);
    expect(await probe(clone, { prefix: 'refs/heads/coord/' })).toMatchObject({ nonFastForward: false });
    expect(await refsOf(bare)).toBe(left);
    await set('receive.denyDeletes', 'false');
    expect(await probe(clone, { prefix: 'refs/heads/coord/' })).toMatchObject({ deletes: true });
    expect(await refsOf(bare)).toBe('');
  });

  test.each([
    ['a hook that refuses claims', 'not here, says the hook'],
    ['hidden refs', 'hidden ref'],
  ])('that refuses custom refs by %s', async (kind, words) => {
    if (kind === 'hidden refs') await set('receive.hideRefs', 'refs/claims');
    else await hook('pre-receive', 'if grep -q refs/claims; then echo "not here, says the hook" >&2; exit 1; fi');
    const result = await probe();
    expect(result).toMatchObject({ pushRights: true, customRefs: false, compareAndSwap: null });
    expect(result.words.customRefs).toContain(words);
    expect(await refsOf(bare)).toBe('');
  });

  test('that answers 403 to pushes, or to what they carry', async () => {
    const readOnly = await serve({ onRequest: forbid(/service=git-receive-pack/) });
    expect(await probe(readOnly)).toMatchObject({ pushRights: false, customRefs: null });
    const noCustom = await serve({ onRequest: forbid(/\/git-receive-pack$/) });
    const result = await probe(noCustom);
    expect(result).toMatchObject({ customRefs: false });
    expect(result.words.customRefs).toContain('403');
  });

  test('that speaks protocol v0 only', async () => {
    const old = await serve({
      onRequest: (request) => {
        delete request.headers['git-protocol'];
        return undefined;
      },
    });
    expect(await probe(old)).toMatchObject({ ...allowsAll, protocolV2: false });
  });

  test('that hangs: the probe ends in time, and says so', async () => {
    const hanging = await serve({ onRequest: (request) => /\/git-receive-pack$/.test(request.url ?? '') });
    const startMs = performance.now();
    await expect(probe(hanging, { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('could not be probed'),
    });
    expect(performance.now() - startMs).toBeLessThan(15_000);
  });

  test('that is not there', async () => {
    await git(['remote', 'set-url', 'origin', join(clients.dir, 'nowhere.git')], { cwd: clone });
    await expect(probe()).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('nowhere') });
  });
});

describe('a server that lies', () => {
  test('takes stale old values', async () => {
    await putLiar(clone, 'stale');
    const result = await probe();
    expect(result.compareAndSwap).toBe(false);
    expect(result.words.compareAndSwap).toContain('not the one to be replaced');
    expect(await refsOf(bare)).toBe('');
  });

  test('applies half of an atomic push', async () => {
    await putLiar(clone, 'half');
    const result = await probe();
    expect(result).toMatchObject({ ...allowsAll, atomic: false });
    expect(result.words.atomic).toContain('a part');
    expect(await refsOf(bare)).toBe('');
  });

  test('says ok to everything', async () => {
    await putLiar(clone, 'nothing');
    expect(await probe()).toMatchObject({
      compareAndSwap: false,
      words: { compareAndSwap: expect.stringContaining('do not show') },
    });
  });
});

test('what a killed probe left is removed by the next one of that clone', async () => {
  await hook('pre-receive', 'if grep -q refs/coord/probe-.*-b; then kill -9 $PPID; fi');
  await expect(probe()).rejects.toMatchObject({ code: 'unavailable' });
  expect(await refsOf(bare)).toBe('');
  await hook('pre-receive', 'read from to ref; case $to in *[1-9a-f]*) ;; *) kill -9 $PPID ;; esac');
  await expect(probe()).rejects.toMatchObject({ code: 'unavailable' });
  expect(await refsOf(bare)).not.toBe('');
  await hook('pre-receive', 'exit 0');
  expect(await probe()).toMatchObject(allowsAll);
  expect(await refsOf(bare)).toBe('');
});

test("probes of one clone take turns, and the user's own hooks and settings play no part", async () => {
  await git(['config', 'core.hooksPath', join(clients.dir, 'hooks')], { cwd: clone });
  await git(['config', 'push.followTags', 'true'], { cwd: clone });
  await git(['config', 'protocol.version', '0'], { cwd: clone });
  const results = await Promise.all([probe(), probe(), probe()]);
  for (const result of results) expect(result).toMatchObject(allowsAll);
  expect(await refsOf(bare)).toBe('');
});

function forbid(pattern: RegExp): HttpBackendOptions['onRequest'] {
  return (request, response) => {
    if (!pattern.test(request.url ?? '')) return false;
    request.resume();
    response.writeHead(403).end('not allowed');
    return true;
  };
}

async function hook(name: string, script: string): Promise<void> {
  const path = join(bare, 'hooks', name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
}
