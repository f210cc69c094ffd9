// The bytes of a killed client arrive after its claim was released: they are refused, and bring nothing back (trap 6).
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeAgents, joinBook, makeBook, openAgent, tenures } from '../helpers/book.ts';
import { cliJson, startCli } from '../helpers/cli.ts';
import { type HttpBackend, startHttpBackend } from '../helpers/http-backend.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { startTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { waitFor } from '../helpers/wait-for.ts';

const push = 'POST /remote.git/git-receive-pack';

let scratch: Scratch;
let bare: string;
let http: HttpBackend;
let proxy: TcpProxy;
let clone: string;
let other: string;
let answers = 0;
beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  const onAnswer = async () => {
    if (http.requests.at(-1) === push) answers += 1;
  };
  http = await startHttpBackend({ root: scratch.dir, onAnswer });
  proxy = await startTcpProxy({ targetPort: http.port });
  const book = await makeBook(bare, bare);
  clone = await joinBook(`http://127.0.0.1:${proxy.port}/remote.git`, join(scratch.dir, 'clone'), book);
  other = await joinBook(bare, join(scratch.dir, 'other'), book);
});
afterEach(async () => {
  await closeAgents();
  await proxy.stop();
  await http.stop();
  await scratch.remove();
});

/** Starts a command, kills it and its git when its push is on the way, and leaves the bytes in the proxy. */
async function killedInPush(args: readonly string[]): Promise<void> {
  proxy.faults.holdFrom = push;
  const child = startCli(args, { cwd: clone, env: { COORD_AGENT: 'agent-a', COORD_SESSION: 's-1' } });
  const ended = new Promise((resolve) => child.once('close', resolve));
  await waitFor(() => proxy.heldBytes > 200, { deadlineMs: 20_000, what: 'the push is held' });
  child.kill('SIGKILL');
  await ended;
}

async function delivered(): Promise<void> {
  const before = answers;
  proxy.deliver();
  await waitFor(() => answers > before, { deadlineMs: 20_000, what: 'the server has answered the late push' });
}

const claimRef = () => git(['for-each-ref', '--format=%(refname)', 'refs/claims'], { cwd: bare });

test('a claim that is delivered after somebody else had the task', async () => {
  expect((await cliJson(['add', 'Build', '--id', 'build'], { cwd: other })).status).toBe(0);
  await killedInPush(['claim', 'build']);
  const { book } = await openAgent(other, { agent: 'agent-b' });
  await book.claim('build');
  await book.release('build');
  await delivered();
  expect(await claimRef()).toBe('');
  expect(await tenures(bare, 'build')).toEqual(['1 agent-b']);
});

test('a release that is delivered when somebody else holds the task', async () => {
  const env = { COORD_AGENT: 'agent-a', COORD_SESSION: 's-1' };
  expect((await cliJson(['claim', 'build'], { cwd: clone, env })).status).toBe(0);
  await killedInPush(['release', 'build']);
  const { book } = await openAgent(other, { agent: 'agent-b' });
  const { claim } = await book.claim('build', { force: true });
  await delivered();
  expect(await git(['rev-parse', 'refs/claims/build'], { cwd: bare })).toBe(claim.oid);
  // the killed command's attempt is still written down: its session is told that it lost
  proxy.faults.holdFrom = null;
  expect((await cliJson(['release', 'build'], { cwd: clone, env })).status).toBe(5);
  expect((await book.done('build')).state).toBe('done');
});
