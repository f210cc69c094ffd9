import { describe, expect, test } from 'vitest';
import { isRefName } from '../../../src/transport/check-updates.ts';
import { createMemoryRemote } from '../../../src/transport/memory.ts';
import type { SwapOptions } from '../../../src/transport/port.ts';
import { makeCommit } from '../../helpers/commits.ts';

const board = 'refs/board/a';
const claim = 'refs/claims/a';
const main = 'refs/heads/main';

const plain: SwapOptions = { atomic: false, objects: [] };

describe('the memory remote is strict: it throws for', () => {
  test('a value that neither it nor the request has, or whose parents nobody has', () => {
    const remote = createMemoryRemote();
    const orphan = makeCommit({ parents: ['a'.repeat(40)] });
    const update = { ref: claim, from: null, to: orphan.oid };
    expect(() => remote.swapNow([update], plain)).toThrow(/lacks/);
    expect(() => remote.swapNow([update], { ...plain, objects: [orphan] })).toThrow(/lacks/);
    expect(remote.objectCount()).toBe(0);
  });

  test('a task log that moves other than forward', () => {
    const remote = createMemoryRemote();
    const [first, other] = [makeCommit(), makeCommit()];
    remote.swapNow([{ ref: board, from: null, to: first.oid }], { ...plain, objects: [first] });
    const update = { ref: board, from: first.oid, to: other.oid };
    expect(() => remote.swapNow([update], { ...plain, objects: [other] })).toThrow(/forward/);
  });

  test('a read of what this client was not shown', async () => {
    const remote = createMemoryRemote();
    const first = makeCommit();
    remote.swapNow([{ ref: board, from: null, to: first.oid }], { ...plain, objects: [first] });
    const client = remote.connect();
    await expect(client.read([first.oid])).rejects.toThrow(/shown/);
    await client.list([board]);
    expect((await client.read([first.oid])).size).toBe(1);
    await expect(remote.connect().read([first.oid])).rejects.toThrow(/shown/);
  });
});

describe('a server that dies in the middle of a transaction (trap 34)', () => {
  function landing() {
    const remote = createMemoryRemote();
    const [task, hold, code] = [makeCommit(), makeCommit(), makeCommit()];
    const done = makeCommit({ parents: [task.oid] });
    const landed = makeCommit({ parents: [code.oid] });
    for (const [ref, made] of [
      [board, task],
      [claim, hold],
      [main, code],
    ] as const) {
      remote.swapNow([{ ref, from: null, to: made.oid }], { ...plain, objects: [made] });
    }
    remote.lend([landed]);
    const updates = [
      { ref: claim, from: hold.oid, to: null },
      { ref: board, from: task.oid, to: done.oid },
      { ref: main, from: code.oid, to: landed.oid },
    ];
    const foreign = { objectDirectory: '/clone/objects', shallowFile: '/clone/shallow' };
    const options = { atomic: true, objects: [done], foreign };
    return { remote, updates, options, before: [task, hold, code], done, landed };
  }

  test.each([
    [0, []],
    [1, [board]],
    [2, [board, main]],
    [3, [board, main, claim]],
  ])('after %i refs has moved those first in order, deletions last', (stopAfter, moved) => {
    const { remote, updates, options } = landing();
    const before = new Map(remote.refs);
    const { answers } = remote.swapNow(updates, options, { stopAfter });
    expect(new Set(answers.values())).toEqual(new Set(['unknown']));
    const changed = [board, main, claim].filter((ref) => remote.refs.get(ref) !== before.get(ref));
    expect(changed).toEqual(moved);
  });

  test('takes lent commits only in a request that says so', () => {
    const { remote, updates, options } = landing();
    expect(() => remote.swapNow(updates, { ...options, foreign: undefined })).toThrow(/lacks/);
    expect([...remote.swapNow(updates, options).answers.values()]).toEqual(['applied', 'applied', 'applied']);
  });
});

test('a server that allows no replacement refuses it', () => {
  const remote = createMemoryRemote({ nonFastForward: false });
  const first = makeCommit();
  const [chained, other] = [makeCommit({ parents: [first.oid] }), makeCommit()];
  remote.swapNow([{ ref: claim, from: null, to: first.oid }], { ...plain, objects: [first] });
  const move = (made: typeof first) =>
    remote.swapNow([{ ref: claim, from: first.oid, to: made.oid }], { ...plain, objects: [made] }).answers.get(claim);
  expect(move(other)).toBe('refused');
  expect(move(chained)).toBe('applied');
});

test('ref names are what git takes', () => {
  for (const good of ['refs/claims/a', 'refs/heads/coord/board/a-b_c.d', 'refs/claims/ü']) {
    expect(isRefName(good)).toBe(true);
  }
  const bad = [
    'claims/a',
    'refs/',
    'refs//a',
    'refs/a.',
    'refs/a.lock/b',
    'refs/.a',
    'refs/a..b',
    'refs/a b',
    'refs/a\0b',
  ];
  for (const name of [...bad, 'refs/a\nb', 'refs/a*', 'refs/@{a', 'refs/a~1', 'refs/a:b', 'refs/a/']) {
    expect(isRefName(name)).toBe(false);
  }
});
