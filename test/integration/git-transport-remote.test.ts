// The store talks to the remote with the clone's whole configuration, and with nothing of the user's hooks.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RefAnswer, SwapReport, Transport } from '../../src/transport/port.ts';
import { makeCommit } from '../helpers/commits.ts';
import { type Clients, makeClients } from '../helpers/git-clients.ts';
import { type HttpBackend, type HttpBackendOptions, startHttpBackend } from '../helpers/http-backend.ts';
import { commitAll, git, makeBareRepo, makeClone } from '../helpers/repo.ts';

const claim = 'refs/claims/a';
const token = 'bearer-of-the-test';

let clients: Clients;
let bare: string;
const servers: HttpBackend[] = [];

beforeEach(async () => {
  clients = await makeClients();
  bare = await makeBareRepo(join(clients.dir, 'remote.git'));
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  await clients.close();
});

async function serve(options: Partial<HttpBackendOptions> = {}): Promise<HttpBackend> {
  const server = await startHttpBackend({ root: clients.dir, ...options });
  servers.push(server);
  return server;
}

async function create(
  transport: Transport,
  ref = claim,
): Promise<SwapReport & { readonly said: RefAnswer | undefined }> {
  const made = makeCommit({ objectFormat: 'sha1' });
  const update = { ref, from: null, to: made.oid };
  const report = await transport.compareAndSwap([update], { atomic: true, objects: [made] });
  return { ...report, said: report.answers.get(ref) };
}

const config = (clone: string, ...args: string[]) => git(['config', ...args], { cwd: clone });

describe("a token that stands in the clone's configuration only", () => {
  test.each(['http.extraHeader', 'http.<url>.extraHeader', 'an included file'])('as %s', async (place) => {
    const server = await serve({ auth: { bearer: token } });
    const clone = await clients.clone(server.url('remote.git'));
    const header = `Authorization: Bearer ${token}`;
    const denied = clients.open(clone);
    await expect(denied.list([claim])).rejects.toMatchObject({ code: 'unavailable' });
    expect((await create(denied)).said).toBe('unsent');
    if (place === 'http.extraHeader') await config(clone, 'http.extraHeader', header);
    else if (place === 'an included file') {
      const included = join(clients.dir, 'credentials');
      await writeFile(included, `[http]\n\textraHeader = ${header}\n`);
      await config(clone, `includeIf.gitdir:${clone}/.git.path`, included);
    } else await config(clone, `http.${server.url('')}.extraHeader`, header);
    // the same transport: it looks at the configuration again after a failure
    expect((await create(denied)).said).toBe('applied');
    expect((await denied.list([claim])).refs.size).toBe(1);
  });

  test('is sent once, also when it stands in a file of the user that only the clone matches', async () => {
    const headers: number[] = [];
    const onRequest: HttpBackendOptions['onRequest'] = (request) => {
      for (const header of ['x-coord', 'x-other'])
        headers.push(request.rawHeaders.filter((name) => name.toLowerCase() === header).length);
      return undefined;
    };
    const server = await serve({ onRequest });
    const clone = await clients.clone(server.url('remote.git'));
    const included = join(clients.dir, 'x-coord');
    await writeFile(included, '[http]\n\textraHeader = X-Coord: 1\n');
    const own = join(clients.dir, 'gitconfig');
    // the first is seen by the clone alone, the second by the clone and the store
    await writeFile(
      own,
      `[includeIf "gitdir:${clone}/.git"]\n\tpath = ${included}\n[http]\n\textraHeader = X-Other: 1\n`,
    );
    const transport = clients.open(clone, { env: { GIT_CONFIG_GLOBAL: own } });
    expect((await create(transport)).said).toBe('applied');
    expect(new Set(headers)).toEqual(new Set([1]));
  });

  test("the environment's own configuration is kept", async () => {
    const server = await serve({ auth: { bearer: token } });
    const clone = await clients.clone(server.url('remote.git'));
    await config(clone, 'user.name', 'somebody');
    const env = {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: Bearer ${token}`,
    };
    expect((await create(clients.open(clone, { env }))).said).toBe('applied');
  });
});

describe("the clone's other settings", () => {
  test('insteadOf', async () => {
    const clone = await clients.clone('short:remote.git');
    await config(clone, `url.${clients.dir}/.insteadOf`, 'short:');
    const transport = clients.open(clone);
    expect((await create(transport)).said).toBe('applied');
    expect((await transport.list([claim])).refs.size).toBe(1);
  });

  test('pushurl, and a URL relative to the top of the clone', async () => {
    const clone = await clients.clone('../remote.git');
    const transport = clients.open(clone);
    expect((await create(transport)).said).toBe('applied');
    const other = await makeBareRepo(join(clients.dir, 'other.git'));
    await config(clone, 'remote.origin.pushurl', '../other.git');
    const again = clients.open(clone);
    expect((await create(again, 'refs/claims/b')).said).toBe('applied');
    expect(await git(['for-each-ref', '--format=%(refname)'], { cwd: other })).toBe('refs/claims/b');
    expect([...(await again.list(['refs/claims/'])).refs.keys()]).toEqual([claim]);
  });

  test('core.sshCommand and receivepack', async () => {
    const clone = await clients.clone(`ssh://nowhere.invalid${bare}`);
    const log = join(clients.dir, 'log');
    const ssh = await script('ssh', `echo "$@" >> ${log}\nfor last; do :; done\neval "$last"`);
    const receive = await script('receive', `echo received >> ${log}\nexec git receive-pack "$@"`);
    await config(clone, 'core.sshCommand', ssh);
    await config(clone, 'remote.origin.receivepack', receive);
    const transport = clients.open(clone);
    expect((await create(transport)).said).toBe('applied');
    expect((await transport.list([claim])).refs.size).toBe(1);
    expect(await git(['hash-object', log], { cwd: clients.dir })).toMatch(/^[0-9a-f]{40}$/);
  });

  test('what describes the clone, or would change our commands, is left behind', async () => {
    const clone = await clients.clone(bare);
    for (const [key, value] of Object.entries({
      'push.followTags': 'true',
      'push.pushOption': 'x',
      'push.gpgSign': 'true',
      'remote.origin.mirror': 'true',
      'remote.origin.prune': 'true',
      'core.fsmonitor': '/nonexistent',
      'core.worktree': '/nonexistent',
      'fetch.recurseSubmodules': 'true',
      'core.hooksPath': '/nonexistent',
    }))
      await config(clone, key, value);
    const transport = clients.open(clone);
    expect((await create(transport)).said).toBe('applied');
    expect((await transport.list(['refs/'])).refs.size).toBe(1);
  });
});

test("the user's hooks don't run, and the variables of a running hook lead nowhere (trap 9)", async () => {
  const clone = await clients.clone(bare);
  const ran = join(clients.dir, 'ran');
  for (const folder of [join(clone, '.git', 'hooks'), join(clients.dir, 'hooks')]) {
    await mkdir(folder, { recursive: true });
    for (const hook of ['pre-push', 'reference-transaction', 'post-update']) {
      await writeFile(join(folder, hook), `#!/bin/sh\necho ${hook} >> ${ran}\nexit 1\n`);
      await chmod(join(folder, hook), 0o755);
    }
  }
  await git(['config', '--global', 'core.hooksPath', join(clients.dir, 'hooks')], { cwd: clone });
  try {
    const nowhere = join(clients.dir, 'nowhere');
    const env = {
      GIT_DIR: nowhere,
      GIT_WORK_TREE: nowhere,
      GIT_INDEX_FILE: nowhere,
      GIT_OBJECT_DIRECTORY: nowhere,
      GIT_QUARANTINE_PATH: nowhere,
      GIT_PREFIX: 'x/',
      GIT_NAMESPACE: 'n',
    };
    // the remote is behind HTTP, so that a repository by path doesn't run the user's hooks as the server's
    const server = await serve({ env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' } });
    const transport = clients.open(clone, { env, remote: server.url('remote.git') });
    expect((await create(transport)).said).toBe('applied');
    expect((await transport.list([claim])).refs.size).toBe(1);
    await expect(git(['hash-object', ran], { cwd: clients.dir })).rejects.toThrow();
  } finally {
    await git(['config', '--global', '--unset', 'core.hooksPath'], { cwd: clone });
  }
});

describe('a landing', () => {
  test.each([['whole'], ['shallow']])("carries the clone's commits from the store (%s clone)", async (kind) => {
    const seed = await makeClone(bare, join(clients.dir, 'seed'));
    for (const message of ['one', 'two', 'three']) {
      await writeFile(join(seed, 'file'), message);
      await commitAll(seed, message);
    }
    await git(['push', '--quiet', 'origin', 'HEAD:refs/heads/main'], { cwd: seed });
    const depth = kind === 'shallow' ? ['--depth=1'] : [];
    const clone = await makeClone(`file://${bare}`, join(clients.dir, 'worker'), ['--branch=main', ...depth]);
    const from = await git(['rev-parse', 'HEAD'], { cwd: clone });
    await writeFile(join(clone, 'file'), 'landed');
    const to = await commitAll(clone, 'four');
    const transport = clients.open(clone);
    const task = makeCommit({ objectFormat: 'sha1' });
    const updates = [
      { ref: 'refs/board/a', from: null, to: task.oid },
      { ref: 'refs/heads/main', from, to },
    ];
    const objectDirectory = join(clone, '.git', 'objects');
    const foreign = { objectDirectory, shallowFile: join(clone, '.git', 'shallow') };
    const report = await transport.compareAndSwap(updates, { atomic: true, objects: [task], foreign });
    expect(Object.fromEntries(report.answers)).toEqual({ 'refs/board/a': 'applied', 'refs/heads/main': 'applied' });
    expect(await git(['rev-list', '--count', 'refs/heads/main'], { cwd: bare })).toBe('4');
    await git(['fsck', '--strict'], { cwd: bare });
    const { refs } = await transport.list(['refs/heads/main', 'refs/board/']);
    expect(refs.get('refs/heads/main')).toBe(to);
    // lent for that one push: the clone's gc must not be able to break the store (trap 39)
    expect((await transport.read([to])).get(to)).toMatchObject({ parents: [from] });
  });
});

test('a shallow clone pushes a branch whose base is no tip of the remote any more', async () => {
  const seed = await makeClone(bare, join(clients.dir, 'seed'));
  const publish = async (message: string) => {
    await commitAll(seed, message);
    await git(['push', '--quiet', 'origin', 'HEAD:refs/heads/main'], { cwd: seed });
  };
  await publish('one');
  await publish('two');
  const clone = await makeClone(`file://${bare}`, join(clients.dir, 'worker'), ['--branch=main', '--depth=1']);
  await publish('three');
  const to = await commitAll(clone, 'work');
  const foreign = { objectDirectory: join(clone, '.git', 'objects'), shallowFile: join(clone, '.git', 'shallow') };
  const update = { ref: 'refs/heads/task/a', from: null, to };
  const { answers, message } = await clients
    .open(clone)
    .compareAndSwap([update], { atomic: true, objects: [], foreign });
  expect(answers.get(update.ref), message).toBe('applied');
  expect(await git(['rev-list', '--count', update.ref], { cwd: bare })).toBe('3');
});

test('a prefix of branches, and a ref outside it', async () => {
  const clone = await clients.clone(bare);
  const transport = clients.open(clone, { prefix: 'refs/heads/coord/' });
  for (const ref of ['refs/heads/coord/board/a', 'refs/heads/coord/claims/a', 'refs/heads/main', 'refs/heads/main2'])
    expect((await create(transport, ref)).said).toBe('applied');
  const patterns = ['refs/heads/coord/board/', 'refs/heads/coord/claims/a', 'refs/heads/main'];
  const { refs, wentBack } = await transport.list(patterns);
  expect([...refs.keys()].sort()).toEqual(['refs/heads/coord/board/a', 'refs/heads/coord/claims/a', 'refs/heads/main']);
  expect(wentBack.size).toBe(0);
});

async function script(name: string, body: string): Promise<string> {
  const path = join(clients.dir, name);
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('a push that is posted by ourselves', () => {
  const requestsOf = ({ requests }: HttpBackend) =>
    requests.map((line) => line.replace(/^(\w+) .*(git-\w+-pack)$/, '$1 $2'));

  async function posting(options: Partial<HttpBackendOptions> = {}, env: NodeJS.ProcessEnv = {}) {
    const server = await serve(options);
    const clone = await clients.clone(server.url('remote.git'));
    return { server, clone, transport: clients.open(clone, { posts: true, env }) };
  }

  test('is one request, also with a token that stands in the configuration', async () => {
    const { server, clone, transport } = await posting({ auth: { bearer: token } });
    await config(clone, `http.${server.url('')}.extraHeader`, `Authorization: Bearer ${token}`);
    expect((await create(transport)).said).toBe('applied');
    expect((await create(transport)).said).toBe('conflict');
    expect(requestsOf(server)).toEqual(['POST git-receive-pack', 'POST git-receive-pack']);
  });

  test.each<[string, (clone: string, server: HttpBackend) => Promise<unknown>]>([
    ['an address that is rewritten', (clone, { url }) => config(clone, `url.${url('')}.insteadOf`, 'short:')],
    ['cookies', (clone) => config(clone, 'http.cookieFile', '/dev/null')],
    ['a proxy of the remote', (clone) => config(clone, 'remote.origin.proxy', '')],
    [
      'a second push address',
      async (clone, { url }) => {
        await config(clone, '--add', 'remote.origin.pushurl', url('remote.git'));
        await config(clone, '--add', 'remote.origin.pushurl', url('remote.git'));
      },
    ],
    ['a policy', (clone) => config(clone, 'protocol.http.allow', 'user')],
  ])('is left to git with %s', async (_name, change) => {
    const { server, clone, transport } = await posting();
    await change(clone, server);
    await create(transport);
    expect(requestsOf(server)[0]).toBe('GET git-receive-pack');
  });

  test('is left to git where the environment asks for a proxy', async () => {
    const { server, transport } = await posting({}, { no_proxy: '127.0.0.1', http_proxy: 'http://127.0.0.1:9' });
    expect((await create(transport)).said).toBe('applied');
    expect(requestsOf(server)[0]).toMatch(/^GET /);
  });

  test("is git's where a helper has the password, and where a hook refuses, in its words", async () => {
    const { server, clone, transport } = await posting({ auth: { basic: 'me:secret' } });
    await config(clone, 'credential.helper', '!f() { echo username=me; echo password=secret; }; f');
    expect((await create(transport)).said).toBe('applied');
    expect(requestsOf(server).slice(0, 2)).toEqual(['POST git-receive-pack', 'GET git-receive-pack']);
    const hook = join(bare, 'hooks', 'pre-receive');
    await mkdir(join(bare, 'hooks'), { recursive: true });
    await writeFile(hook, '#!/bin/sh\necho "not on a Friday" >&2\nexit 1\n');
    await chmod(hook, 0o755);
    expect(await create(transport, 'refs/claims/b')).toMatchObject({
      said: 'refused',
      message: expect.stringContaining('not on a Friday'),
    });
  });

  test('whose reply is lost is unknown, and was applied', async () => {
    const { server, transport } = await posting({
      onRequest: (request, response) => {
        if (request.method === 'POST') response.end = () => response.destroy() as never;
        return false;
      },
    });
    expect((await create(transport)).said).toBe('unknown');
    expect(requestsOf(server)).toEqual(['POST git-receive-pack']);
    expect((await git(['rev-parse', claim], { cwd: bare })).trim()).toMatch(/^[0-9a-f]{40}$/);
  });

  test.each([500, 502, 200])('that something answers badly (%i) is sent again by git', async (status) => {
    const { server, transport } = await posting({
      onRequest: (request, response) => {
        if (request.headers['user-agent'] !== 'git/git-coord') return false;
        response.writeHead(status, { 'Content-Type': 'application/x-git-receive-pack-result' });
        if (status === 200) response.write('00');
        setImmediate(() => response.destroy());
        return true;
      },
    });
    expect((await create(transport)).said).toBe('unknown');
    expect((await create(transport)).said).toBe('applied');
    expect(requestsOf(server).slice(0, 2)).toEqual(['POST git-receive-pack', 'GET git-receive-pack']);
  });

  test('to a server that is away was not sent', async () => {
    const { server, transport } = await posting();
    await server.stop();
    expect((await create(transport)).said).toBe('unsent');
  });
});
