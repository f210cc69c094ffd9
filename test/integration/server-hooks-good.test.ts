// What the server's hooks let through: every transition of the protocol, and all that is nobody's business.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Task, TaskOp } from '../../src/domain/task.ts';
import type { RefUpdate } from '../../src/transport/port.ts';
import {
  claimRecord,
  type GuardedRepo,
  heldBy,
  makeGuardedRepo,
  openTask,
  raw,
  record,
  released,
} from '../helpers/guarded-repo.ts';
import { git } from '../helpers/repo.ts';

const main = 'refs/heads/main';
const board = 'refs/board/x';
const claims = 'refs/claims/x';

let repo: GuardedRepo;
let m0: string;
let m1: string;
let held: Task;
let t0: string;
let c: string;
let k: string;

beforeEach(async () => {
  repo = await makeGuardedRepo();
  m0 = await repo.code([]);
  m1 = await repo.code([m0]);
  held = heldBy('anna', openTask('x'));
  t0 = record('add', openTask('x'), null);
  c = record('claim', held, t0);
  k = claimRecord(held, c);
  await repo.put({ [main]: m0, 'refs/heads/task/x': m1, 'refs/heads/seen': t0, [board]: c, [claims]: k });
});
afterEach(() => repo.remove());

const move = (ref: string, from: string | null, to: string | null): RefUpdate => ({ ref, from, to });
const landed = { ref: main, from: '', commit: '' };
const ended = (op: TaskOp, state: Task['state'], more: Partial<Task> = {}) =>
  record(op, { ...held, state, holder: null, ...more }, c);
const done = (more: Partial<Task> = {}) => ended('done', 'done', more);
const landing = () => done({ landed: { ...landed, from: m0, commit: m1 } });
const review = (commit = m1) => ({ branch: 'refs/heads/task/x', commit, target: main, from: m0 });

/** Everything moves, and nobody says a word. */
async function passes(updates: readonly RefUpdate[], atomic = true): Promise<void> {
  const pushed = await repo.push(updates, atomic);
  expect(pushed.words).toBe('');
  expect([...pushed.refs.values()]).toEqual(updates.map(() => null));
  const refs = await repo.refs();
  for (const { ref, to } of updates) expect(refs[ref] ?? null).toBe(to);
}

describe('a transition', () => {
  const named: [string, () => RefUpdate[]][] = [
    ['release', () => [move(board, c, ended('release', 'open')), move(claims, k, null)]],
    ['release, by a record', () => [move(board, c, ended('release', 'open')), move(claims, k, released(held, c))]],
    ['complete', () => [move(board, c, done()), move(claims, k, null)]],
    ['land', () => [move(board, c, landing()), move(main, m0, m1), move(claims, k, null)]],
    ['land, in another order', () => [move(main, m0, m1), move(claims, k, null), move(board, c, landing())]],
    [
      'land on a branch that is not protected',
      () => {
        const dev = done({ landed: { ref: 'refs/heads/dev', from: m0, commit: m1 } });
        return [move(board, c, dev), move('refs/heads/dev', m0, m1), move(claims, k, null)];
      },
    ],
    ['review', () => [move(board, c, ended('review', 'review', { review: review() })), move(claims, k, null)]],
    ['fail', () => [move(board, c, ended('fail', 'failed')), move(claims, k, null)]],
    ['expire', () => [move(board, c, ended('expire', 'open')), move(claims, k, null)]],
    ['cancel', () => [move(board, c, ended('cancel', 'cancelled')), move(claims, k, null)]],
    [
      'take over',
      () => {
        const theirs = heldBy('ben', held);
        const c2 = record('take-over', theirs, c);
        return [move(board, c, c2), move(claims, k, claimRecord(theirs, c2))];
      },
    ],
    ['edit', () => [move(board, c, record('edit', { ...held, title: 'other' }, c))]],
    ['pause', () => [move(board, c, record('pause', { ...held, paused: true }, c))]],
    ['beat', () => [move(claims, k, claimRecord(held, c, { beat: 1 }))]],
    ['beat that begins a cycle', () => [move(claims, k, claimRecord(held, c, { cycle: 'd', beat: 0 }))]],
    ['progress', () => [move(claims, k, claimRecord(held, c, { progress: { text: 'half', percent: 50, at: 'now' } }))]],
    ['add', () => [move('refs/board/y', null, record('add', openTask('y'), null))]],
    [
      'claim of an unknown task',
      () => {
        const mine = heldBy('ben', openTask('y'));
        const first = record('claim', mine, null);
        return [move('refs/board/y', null, first), move('refs/claims/y', null, claimRecord(mine, first))];
      },
    ],
    ['repair of an unknown claim', () => [move('refs/board/y', null, record('repair', openTask('y'), null))]],
  ];
  test.each(named)('%s', async (_name, updates) => {
    if (_name.includes('not protected')) await repo.put({ 'refs/heads/dev': m0 });
    await passes(updates());
  });

  test('a claim that is put back, and a tenure that ends without one', async () => {
    await repo.put({ [claims]: null });
    const r = record('repair', held, c);
    const again = claimRecord(held, c, { cycle: 'again' });
    await passes([move(board, c, r), move(claims, null, again)]);
    await repo.put({ [claims]: null });
    await passes([move(board, r, record('expire', { ...held, state: 'open', holder: null }, r))]);
  });

  test('retry, join, a second claim; then done and archived', async () => {
    const join = { ...held, type: 'join' };
    const failed = record('fail', { ...join, state: 'failed', holder: null }, c);
    await repo.put({ [board]: failed, [claims]: null });
    const open = { ...join, state: 'open' as const, holder: null };
    const o = record('retry', { ...open, attempts: 0 }, failed);
    await passes([move(board, failed, o)]);
    const second = heldBy('ben', open);
    const c2 = record('claim', second, o);
    await passes([move(board, o, c2), move(claims, null, claimRecord(second, c2))]);
    const r = record('release', { ...second, state: 'open', holder: null }, c2);
    await passes([move(board, c2, r), move(claims, (await repo.refs())[claims] ?? '', null)]);
    const j = record('join', { ...second, state: 'done', holder: null }, r);
    await passes([move(board, r, j)]);
    const archive = await repo.code([j]);
    await passes([move('refs/archive/board', null, archive), move(board, j, null)]);
  });

  test('several steps of a log at once, as a book that moves here brings them', async () => {
    const open = { ...held, state: 'open' as const, holder: null };
    const r = record('release', open, c);
    const second = heldBy('ben', open);
    const c2 = record('claim', second, r);
    await passes([move(board, c, c2), move(claims, k, claimRecord(second, c2))]);
  });

  test('a whole book, with whatever past, when its name comes with it', async () => {
    const format = raw({ v: 1, kind: 'format', book: 'b', at: 'now' }, []);
    const d = record('done', { ...openTask('y'), state: 'done', term: 7 }, c);
    const mine = heldBy('ben', openTask('z'));
    const z = record('edit', mine, c);
    await passes([
      move('refs/board/y', null, record('edit', { ...openTask('y'), state: 'done', term: 7 }, d)),
      move('refs/board/z', null, z),
      move('refs/claims/z', null, claimRecord(mine, z)),
      move('refs/coord/format', null, format),
    ]);
    await passes([move('refs/coord/format', format, raw({ v: 2, kind: 'format', book: 'b', at: 'later' }, []))]);
  });
});

describe('a protected branch', () => {
  test('a landing that was cut off is put right, or given up', async () => {
    const d = landing();
    await repo.put({ [board]: d, [claims]: null });
    const task = { ...held, state: 'done' as const, holder: null, landed: { ref: main, from: m0, commit: m1 } };
    const r = record('repair', task, d);
    await passes([move(board, d, r), move(main, m0, m1)]);
    await repo.put({ [main]: m0 });
    await passes([move(board, r, record('reopen', { ...task, state: 'open', landed: null }, r))]);
  });

  test('reviewed work is merged: fast-forward, a merge commit, two of them', async () => {
    const n1 = await repo.code([m0]);
    await repo.put({ [board]: ended('review', 'review', { review: review() }), [claims]: null });
    const other = heldBy('anna', openTask('y'));
    const c2 = record('claim', other, null);
    await repo.put({
      'refs/board/y': record('review', { ...other, state: 'review', holder: null, review: review(n1) }, c2),
      'refs/heads/task/y': n1,
    });
    const both = await repo.code([await repo.code([m0, m1]), n1]);
    // other reviews name what isn't here, is no commit, or is no object of this repository
    const blob = await git(['hash-object', '-w', '/dev/null'], { cwd: repo.dir });
    for (const [n, commit] of ['f'.repeat(40), 'f'.repeat(64), blob].entries()) {
      const odd = { ...other, state: 'review' as const, holder: null, id: `odd-${n}`, review: review(commit) };
      await repo.put({ [`refs/board/odd-${n}`]: record('review', odd, c2) });
    }
    await passes([move(main, m0, both)]);
    await repo.put({ [main]: m0 });
    await passes([move(main, m0, m1)]);
    const v = (await repo.refs())[board] ?? '';
    const d = record(
      'done',
      { ...held, state: 'done', holder: null, review: review(), landed: { ref: main, from: m0, commit: m1 } },
      v,
    );
    await passes([move(board, v, d)]);
    await passes([move(main, m1, await repo.code([m1, n1]))]);
  });

  test('begins in an empty repository', async () => {
    await repo.put({ [main]: null });
    await passes([move(main, null, m0)]);
  });

  test('is the default one, or those that coord.protect names', async () => {
    const release = 'refs/heads/release/1';
    await repo.put({ [release]: m0 });
    await passes([move(release, m0, m1)]);
    await git(['config', '--add', 'coord.protect', 'refs/heads/task/x'], { cwd: repo.dir });
    await git(['config', '--add', 'coord.protect', 'release/*'], { cwd: repo.dir });
    const refused = await repo.push([move(release, m1, m0)]);
    expect(refused.words).toContain(`refused: ${release}`);
    expect((await repo.push([move('refs/heads/task/x', m1, null)])).words).toContain('refused: refs/heads/task/x');
    await passes([move(main, m0, m1)]);
    await git(['config', '--replace-all', 'coord.protect', ''], { cwd: repo.dir });
    await passes([move(release, m1, null)]);
  });
});

describe('what nobody guards', () => {
  test('other branches, tags, agents, events, the queue, scratch refs of a probe', async () => {
    const refs = [
      'heads/dev',
      'tags/v1',
      'agents/ben',
      'events/ben',
      'coord/queue',
      'coord/probe-1',
      'claims/_probe/p',
    ];
    await passes(refs.map((ref) => move(`refs/${ref}`, null, m0)));
    await passes(refs.map((ref) => move(`refs/${ref}`, m0, null)));
  });

  test('claims of plain git, on a task that nobody holds or that does not exist, and orphans', async () => {
    await repo.put({ [board]: ended('release', 'open'), 'refs/claims/z': k });
    const hand = raw('by hand', []);
    const again = raw('by hand again', []);
    await passes([move('refs/claims/y', null, hand), move('refs/claims/z', k, null)], false);
    await passes([move(claims, k, hand)]);
    await passes([move(claims, hand, again)]);
    await passes([move(claims, again, null), move('refs/claims/y', hand, null)], false);
  });

  test("the server's own housekeeping: refs packed, taken apart and deleted packed; a release of a packed claim", async () => {
    const before = await repo.refs();
    for (const command of [
      ['pack-refs', '--all'],
      ['gc', '--quiet'],
    ])
      await git(command, { cwd: repo.dir });
    expect(await repo.refs()).toEqual(before);
    expect(existsSync(join(repo.dir, main))).toBe(false);
    const refused = await repo.push([move(main, m0, null)]);
    expect(refused.words).toContain('not deleted');
    await passes([move(board, c, ended('release', 'open')), move(claims, k, null)]);
    await git(['pack-refs', '--all'], { cwd: repo.dir });
    await passes([move('refs/heads/task/x', m1, null)]);
  });
});

describe('what was let in once', () => {
  const hook = async (name: string, updates: readonly RefUpdate[]) => {
    const lines = updates.map(({ ref, from, to }) => `${from ?? zero} ${to ?? zero} ${ref}\n`).join('');
    const script = join(repo.dir, 'hooks/git-coord-server');
    const child = spawn('sh', [script, name, '4711'], { cwd: repo.dir, stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin.end(lines);
    return new Promise((resolve) => child.once('close', resolve));
  };
  const zero = '0'.repeat(40);
  const left = () => existsSync(join(repo.dir, 'coord-passed/4711'));

  test('for what it says alone is not judged again, if it is the very same', async () => {
    const d = landing();
    await repo.put({ 'refs/heads/seen-d': d });
    const all = [move(board, c, d), move(main, m0, m1), move(claims, k, null)];
    expect([await hook('pre-receive', all), left()]).toEqual([0, true]);
    await writeFile(join(repo.dir, 'hooks/git-coord-server.cjs'), 'process.exit(1)');
    expect(await hook('reference-transaction', all.slice(1))).toBe(1);
    expect(await hook('reference-transaction', [...all, move('refs/heads/dev', null, m0)])).toBe(1);
    expect([await hook('reference-transaction', all), left()]).toEqual([0, false]);
    expect(await hook('reference-transaction', all)).toBe(1);
  });

  test('for what other refs showed is judged again', async () => {
    await repo.put({ [board]: ended('review', 'review', { review: review() }), [claims]: null });
    expect([await hook('pre-receive', [move(main, m0, m1)]), left()]).toEqual([0, false]);
    await repo.put({ [board]: ended('expire', 'open'), 'refs/heads/seen-k': k });
    expect([await hook('pre-receive', [move(claims, null, k)]), left()]).toEqual([0, false]);
  });
});
