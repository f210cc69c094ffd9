// The server applied a push and its answer was lost: the same command says so, now or when it is run again, and nothing
// is done twice (protocol 5, trap 5). And two attempts that differ in nothing but the nonce (trap 1).
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeAgents, codeOf, joinBook, makeBook, openAgent, taskNotes, tenures } from '../helpers/book.ts';
import { type CliAnswer, cliJson } from '../helpers/cli.ts';
import { type HttpBackend, startHttpBackend } from '../helpers/http-backend.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { startTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';

const push = 'POST /remote.git/git-receive-pack';

let scratch: Scratch;
let bare: string;
let http: HttpBackend;
let proxy: TcpProxy;
let clone: string;
let book: string;
/** The next push is applied; then the connection breaks, and the server can't be reached. */
let breaks = false;

beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  breaks = false;
  const onAnswer = async () => {
    if (!breaks || http.requests.at(-1) !== push) return;
    Object.assign(proxy.faults, { refuse: true, cutAnswerAfterBytes: 0 });
  };
  http = await startHttpBackend({ root: scratch.dir, onAnswer });
  proxy = await startTcpProxy({ targetPort: http.port });
  book = await makeBook(bare, bare);
  clone = await joinBook(`http://127.0.0.1:${proxy.port}/remote.git`, join(scratch.dir, 'clone'), book);
});
afterEach(async () => {
  await closeAgents();
  await proxy.stop();
  await http.stop();
  await scratch.remove();
});

const named = { COORD_AGENT: 'agent-a', COORD_SESSION: 's-1' };
const run = (args: readonly string[], cwd = clone): Promise<CliAnswer> => cliJson(args, { cwd, env: named });

async function prepared(args: readonly string[]): Promise<void> {
  if (args[0] === 'done') expect((await run(['claim', 'build'])).status).toBe(0);
  if (args[1] === '--next') expect((await run(['add', 'Build', '--id', 'build'])).status).toBe(0);
}

const cases = [
  { args: ['claim', 'build'], log: ['claim'] },
  { args: ['claim', '--next'], log: ['claim', 'add'] },
  { args: ['add', 'Build it', '--priority', '5'], log: ['add'] },
  { args: ['done', 'build', '--result', '{"tests":12}'], log: ['done', 'claim'] },
];

const idOf = ({ data }: CliAnswer): string => data.task?.id ?? data.id;
const boards = async () =>
  (await git(['for-each-ref', '--format=%(refname)', 'refs/board'], { cwd: bare })).split('\n');

async function expectOnce(answer: CliAnswer, log: readonly string[]): Promise<void> {
  expect(answer.status, answer.stderr).toBe(0);
  expect(await boards()).toEqual([`refs/board/${idOf(answer)}`]);
  expect((await taskNotes(bare, idOf(answer))).map(({ op }) => op)).toEqual(log);
}

describe.each(cases)('git coord $args', ({ args, log }) => {
  test('whose answer is lost reports success', async () => {
    await prepared(args);
    proxy.faults.loseReply = { request: push, reply: 'unpack ok' };
    const answer = await run(args);
    expect(proxy.lostReplies).toBeGreaterThan(0);
    await expectOnce(answer, log);
  });

  test('whose answer is lost with the server: 8, and the same command again settles it', async () => {
    await prepared(args);
    breaks = true;
    const { status, error } = await run(args);
    expect([status, error?.code]).toEqual([8, 'unknown']);
    expect(error?.next[0]).toContain(args[0]);
    breaks = false;
    Object.assign(proxy.faults, { refuse: false, cutAnswerAfterBytes: null });
    const answer = await run(args);
    await expectOnce(answer, log);
    if (args[0] === 'add') expect(answer.data.created).toBe(true);
  });
});

test('a copy of the clone does not go on with what the original left open', async () => {
  breaks = true;
  expect((await run(['claim', 'build'])).status).toBe(8);
  breaks = false;
  Object.assign(proxy.faults, { refuse: false, cutAnswerAfterBytes: null });
  const copy = join(scratch.dir, 'copy');
  await cp(clone, copy, { recursive: true });
  expect((await run(['claim', 'build'], copy)).status).toBe(4);
  expect((await run(['claim', 'build'])).status).toBe(0);
  expect((await run(['done', 'build'], copy)).status).toBe(4);
});

test('two attempts that differ in nothing but the nonce: one winner', async () => {
  const at = '2026-11-22T10:00:00.000Z';
  const clock = { wall: () => at, monoMs: () => performance.now(), bootMs: () => 1e6, sleep: () => Promise.resolve() };
  const clones = await Promise.all([1, 2].map((n) => joinBook(bare, join(scratch.dir, `twin-${n}`), book)));
  // the same names, the same second: a copied container that starts twice
  const twins = await Promise.all(clones.map((dir) => openAgent(dir, { agent: 'twin', session: 's-twin', clock })));
  for (const task of ['one', 'two', 'three']) {
    const codes = await Promise.all(twins.map((twin) => codeOf(twin.book.claim(task))));
    expect(codes.sort()).toEqual(['held', 'ok']);
    expect(await tenures(bare, task)).toEqual(['1 twin']);
    const ended = await Promise.all(twins.map((twin) => codeOf(twin.book.done(task))));
    expect(ended.filter((code) => code === 'ok')).toHaveLength(1);
  }
});
