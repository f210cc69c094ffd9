// A lock among the processes of one session, to whom a claim of any of them is their own: one has it at a time.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ownerProcess } from '../../src/config/owner.ts';
import { type Agent, closeAgents, codeOf, joinBook, makeBook, openAgent } from '../helpers/book.ts';
import { cli, startCli } from '../helpers/cli.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

let scratch: Scratch;
let dir: string;
const env = { COORD_AGENT: 'anna', COORD_SESSION: 's-anna', COORD_POLL_INTERVAL: '200ms' };
const children: ChildProcess[] = [];
beforeEach(async () => {
  scratch = await makeScratch();
  const bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  dir = await joinBook(bare, join(scratch.dir, 'clone'), await makeBook(bare, bare));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await closeAgents();
  await scratch.remove();
});

const file = (name: string): string => join(scratch.dir, name);
const read = (name: string): Promise<string> => readFile(file(name), 'utf8').catch(() => '');
const lock = (command: string, wait = '1m') => ['lock', 'deploy', '--wait', wait, '--', 'sh', '-c', command];

/** Two books of one session, and what claims the lock in each on behalf of a process that lives. */
async function twoClaimants(): Promise<{ agents: Agent[]; claims: ((id: string) => Promise<string>)[] }> {
  const agents = await Promise.all([1, 2].map(() => openAgent(dir, { agent: 'anna' })));
  const claims = agents.map(({ book }) => {
    const child = spawn('sleep', ['60']);
    children.push(child);
    return (id: string) => codeOf(book.claim(id, { lock: true, owner: ownerProcess(child.pid ?? 0) }));
  });
  return { agents, claims };
}

test('of six who come at once each has it once, and nobody beside another', async () => {
  // fails if another is at it
  const alone = `mkdir ${file('at-it')} && echo ran >> ${file('runs')} && sleep 0.1 && rmdir ${file('at-it')}`;
  const ended = await Promise.all([1, 2, 3, 4, 5, 6].map(() => cli(lock(alone), { cwd: dir, env })));
  for (const { status, stderr } of ended) expect(status, stderr).toBe(0);
  expect(await read('runs')).toBe('ran\n'.repeat(6));
});

test('a claim that was cut off is settled by another process, and stays that of the process that it was made for', async () => {
  const { agents, claims } = await twoClaimants();
  const { held, pending } = (agents[0] as Agent).app.context;
  const claiming = claims[0]?.('deploy');
  const attempt = await waitFor(() => pending.all()[0], { what: 'an attempt that is written down' });
  expect(await claiming).toBe('ok');
  held.remove('deploy');
  pending.put(attempt.name, attempt);
  expect(await claims[1]?.('deploy')).toBe('held');
});

test('one whose process has ended is taken over by one of those who come for it', async () => {
  const { agents, claims } = await twoClaimants();
  const gone = { pid: 1, start: 'of another process', namespace: ownerProcess(process.pid).namespace };
  await agents[0]?.book.claim('deploy', { lock: true, owner: gone });
  expect((await Promise.all(claims.map((claim) => claim('deploy')))).sort()).toEqual(['held', 'ok']);
  expect((await agents[0]?.book.show('deploy'))?.term).toBe(2);
});

test('one whose claim ref is gone is still that of the process that has it', async () => {
  const { claims } = await twoClaimants();
  expect(await claims[0]?.('deploy')).toBe('ok');
  await git(['update-ref', '-d', 'refs/claims/deploy'], { cwd: file('remote.git') });
  expect(await claims[1]?.('deploy')).toBe('held');
});

test('one that was lost is not given back when another process of the session has it by then', async () => {
  const first = startCli(lock(`echo $$ > ${file('pid')}; until test -e ${file('go')}; do sleep 0.05; done`), {
    cwd: dir,
    env,
  });
  children.push(first);
  await waitFor(async () => Number(await read('pid')) || undefined, { what: 'the command runs' });
  const { agents, claims } = await twoClaimants();
  const ben = await openAgent(dir, { agent: 'ben' });
  await ben.book.claim('deploy', { force: true });
  await ben.book.release('deploy');
  expect(await claims[0]?.('deploy')).toBe('ok');
  const ended = once(first, 'close');
  await writeFile(file('go'), '');
  expect((await ended)[0]).toBe(5);
  expect(await agents[0]?.book.show('deploy')).toMatchObject({ state: 'claimed', term: 3 });
});

test('a task of the session is no lock, and stays held', async () => {
  const { agents } = await twoClaimants();
  await agents[0]?.book.claim('build');
  expect((await cli(['lock', 'build', '--', 'true'], { cwd: dir, env })).status).toBe(7);
  expect((await agents[0]?.book.show('build'))?.claim?.mine).toBe(true);
});

test('it is held until it was given back, though its command has ended', async () => {
  const first = startCli(lock(`echo $$ > ${file('pid')}; exec sleep 60`), { cwd: dir, env });
  children.push(first);
  const pid = await waitFor(async () => Number(await read('pid')) || undefined, { what: 'the command runs' });
  first.kill('SIGSTOP');
  process.kill(pid, 'SIGKILL');
  expect((await cli(lock('true', '1s'), { cwd: dir, env })).status).toBe(4);
  first.kill('SIGCONT');
  expect((await cli(lock('true'), { cwd: dir, env })).status).toBe(0);
});
