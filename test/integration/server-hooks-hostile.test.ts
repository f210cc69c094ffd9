// Pushes made by hand against a server with our hooks. Each is tried three times: with both hooks, for the words; with
// `reference-transaction` alone, which is what refuses; and with none, to see that git by itself would have let it in.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Task } from '../../src/domain/task.ts';
import type { RefUpdate } from '../../src/transport/port.ts';
import {
  changed,
  claimRecord,
  type GuardedRepo,
  heldBy,
  makeGuardedRepo,
  openTask,
  raw,
  record,
} from '../helpers/guarded-repo.ts';
import { git } from '../helpers/repo.ts';

const main = 'refs/heads/main';
const board = 'refs/board/x';
const claims = 'refs/claims/x';
const unknown = 'f'.repeat(40);

let repo: GuardedRepo;
/** main's tip, and work on top of it that nobody reviewed. */
let m0: string;
let m1: string;
let held: Task;
/** anna's log tip and claim. */
let c: string;
let k: string;

beforeEach(async () => {
  repo = await makeGuardedRepo();
  m0 = await repo.code([]);
  m1 = await repo.code([m0]);
  held = heldBy('anna', openTask('x'));
  const t0 = record('add', openTask('x'), null);
  c = record('claim', held, t0);
  k = claimRecord(held, c);
  const format = raw({ v: 1, kind: 'format', book: 'book-1', at: 'now' }, []);
  await repo.put({
    'refs/heads/task/x': m1,
    [main]: m0,
    'refs/board/pre': t0,
    [board]: c,
    [claims]: k,
    'refs/coord/format': format,
  });
  await repo.put({ 'refs/board/pre': null });
});
afterEach(() => repo.remove());

const landed = (ref = main, from = m0, commit = m1) => ({ ref, from, commit });
const done = (more: Partial<Task> = {}, parent = c) =>
  record('done', { ...held, state: 'done', holder: null, ...more }, parent);
const move = (ref: string, from: string | null, to: string | null): RefUpdate => ({ ref, from, to });

let plain: { readonly after: string; readonly oid: string } | undefined;
/** The same commit each time it is asked for in a test. */
function plainDone(): string {
  if (plain?.after !== c) plain = { after: c, oid: done() };
  return plain.oid;
}

interface Hostile {
  readonly name: string;
  readonly atomic?: false;
  /** Puts the book where it is when the push arrives. */
  readonly before?: () => Promise<unknown>;
  readonly push: () => RefUpdate[] | Promise<RefUpdate[]>;
  /** What the pusher is told; absent: git refuses a part of it by itself, and the hook ends the rest. */
  readonly words?: RegExp;
  /** The ref that must stay; all must. */
  readonly guards?: string;
}

const takenOver = async () => {
  const theirs = heldBy('ben', held);
  const c2 = record('take-over', theirs, c);
  await repo.put({ [board]: c2, [claims]: claimRecord(theirs, c2) });
};

const inReview = async (commit: string, more: Partial<Task> = {}) => {
  const review = { branch: 'refs/heads/task/x', commit, target: main, from: m0 };
  const v = record('review', { ...held, state: 'review', holder: null, review, ...more }, c);
  await repo.put({ [board]: v, [claims]: null });
  return v;
};

const hostile: Hostile[] = [
  {
    name: 'a landing without atomic that is taken over meanwhile (trap 41)',
    atomic: false,
    before: takenOver,
    push: () => [move(board, c, done({ landed: landed() })), move(main, m0, m1), move(claims, k, null)],
    guards: main,
  },
  {
    name: 'a landing without atomic, not taken over',
    atomic: false,
    push: () => [move(board, c, done({ landed: landed() })), move(main, m0, m1), move(claims, k, null)],
  },
  { name: 'a plain push of main', push: () => [move(main, m0, m1)], words: /nothing in this push says/ },
  {
    name: 'main rewound',
    before: () => repo.put({ [main]: m1 }),
    push: () => [move(main, m1, m0)],
    words: /lose commits/,
  },
  { name: 'main deleted', push: () => [move(main, m0, null)], words: /not deleted/ },
  ...[main, board, claims].map(
    (ref): Hostile => ({
      name: `${ref} deleted, packed`,
      before: () => git(['pack-refs', '--all'], { cwd: repo.dir }),
      push: async () => [move(ref, (await repo.refs())[ref] ?? '', null)],
      words: /refused: /,
    }),
  ),
  {
    name: 'main deleted by an old value that nobody knows',
    push: () => [move(main, unknown, null)],
    words: /not here/,
  },
  {
    name: 'a landing that records another commit',
    push: () => [move(board, c, done({ landed: landed(main, m0, m0) })), move(main, m0, m1), move(claims, k, null)],
    words: /does not move it so/,
  },
  {
    name: 'a landing that records another old value',
    push: () => [move(board, c, done({ landed: landed(main, m1) })), move(main, m0, m1), move(claims, k, null)],
    words: /does not move it so/,
  },
  {
    name: 'a landing that records another branch',
    push: () => [move(board, c, done({ landed: landed('refs/heads/dev') })), move(main, m0, m1), move(claims, k, null)],
    words: /does not move it so/,
  },
  {
    name: 'a landing that records nothing',
    push: () => [move(board, c, done()), move(main, m0, m1), move(claims, k, null)],
    words: /nothing in this push says/,
  },
  {
    name: 'a landing that loses commits of main',
    push: async () => {
      const other = await repo.code([]);
      return [move(board, c, done({ landed: landed(main, m0, other) })), move(main, m0, other), move(claims, k, null)];
    },
    words: /would lose commits/,
  },
  {
    name: 'a landing that leaves its claim',
    push: () => [move(board, c, done({ landed: landed() })), move(main, m0, m1)],
    words: /claim is left behind/,
  },
  {
    name: 'a landing that renews its claim instead',
    push: () => [
      move(board, c, done({ landed: landed() })),
      move(main, m0, m1),
      move(claims, k, claimRecord(held, c, { beat: 1 })),
    ],
    words: /claim is left behind/,
  },
  {
    name: 'a task that is added as done, with a landing',
    push: () => [
      move('refs/board/y', null, record('done', { ...openTask('y'), state: 'done', landed: landed() }, null)),
      move(main, m0, m1),
    ],
    words: /neither landed nor/,
  },
  {
    name: 'a task that was never claimed, done with a landing',
    before: () => repo.put({ 'refs/board/y': record('add', openTask('y'), null) }),
    push: async () => {
      const from = (await repo.refs())['refs/board/y'] ?? '';
      return [
        move('refs/board/y', from, record('done', { ...openTask('y'), state: 'done', landed: landed() }, from)),
        move(main, m0, m1),
      ];
    },
    words: /does not lead from open to done/,
  },
  {
    name: 'done with a landing that is not in the push',
    push: () => [move(board, c, done({ landed: landed() })), move(claims, k, null)],
    words: /does not move it so/,
  },
  {
    name: 'a repair of a task that landed nothing, with main',
    push: () => [move(board, c, record('repair', held, c)), move(main, m0, m1)],
    words: /nothing in this push says/,
  },
  {
    name: 'an edit that makes up a landing',
    push: () => [move(board, c, record('edit', { ...held, landed: landed() }, c)), move(main, m0, m1)],
    words: /does not change where the work landed/,
  },
  {
    name: 'a log that is rewritten',
    push: () => [move(board, c, record('add', openTask('x'), null))],
    words: /a log only grows/,
  },
  {
    name: 'a log that is rewound',
    push: () => [move(board, c, [...parentsOfC()][0] ?? '')],
    words: /a log only grows/,
  },
  {
    name: 'a merge of two logs',
    push: () => [
      move(
        board,
        c,
        raw({ v: 1, kind: 'task', op: 'edit', by: 'x', at: 'x', nonce: 'n'.repeat(20), task: held }, [c, k]),
      ),
    ],
    words: /a log only grows/,
  },
  {
    name: 'a term that is skipped',
    push: () => {
      const theirs = { ...heldBy('ben', held), term: held.term + 2 };
      const c2 = record('take-over', theirs, c);
      return [move(board, c, c2), move(claims, k, claimRecord(theirs, c2))];
    },
    words: /the next term is 2, not 3/,
  },
  {
    name: 'a term that goes down',
    push: () => [
      move(board, c, record('release', { ...held, state: 'open', holder: null, term: 0 }, c)),
      move(claims, k, null),
    ],
    words: /does not change the term/,
  },
  {
    name: 'a term that grows by an edit',
    push: () => [move(board, c, record('edit', { ...held, term: 2 }, c))],
    words: /does not change the term/,
  },
  {
    name: 'a holder that changes by an edit',
    push: () => [move(board, c, record('edit', { ...heldBy('ben', held), term: 1 }, c))],
    words: /does not change who holds it/,
  },
  {
    name: 'a take-over under the name of an older tenure',
    push: () => {
      const theirs = heldBy('ben', held);
      const c2 = record('take-over', theirs, c, { nonce: 'another-nonce-0123456789' });
      return [move(board, c, c2), move(claims, k, claimRecord(theirs, c2))];
    },
    words: /not named by the commit/,
  },
  {
    name: 'a take-over without the claim',
    push: () => [move(board, c, record('take-over', heldBy('ben', held), c))],
    words: /claim of the new tenure is missing/,
  },
  { name: 'a log that is deleted', push: () => [move(board, c, null)], words: /only once the task is done/ },
  {
    name: 'a finished log that is deleted, without the archive',
    before: () => repo.put({ [board]: done(), [claims]: null }),
    push: async () => [move(board, (await repo.refs())[board] ?? '', null)],
    words: /only in one push with the archive/,
  },
  {
    name: 'a finished log that is deleted with an archive that does not have it',
    before: () => repo.put({ [board]: done(), [claims]: null }),
    push: async () => [move(board, (await repo.refs())[board] ?? '', null), move('refs/archive/board', null, m0)],
    words: /only in one push with the archive/,
  },
  {
    name: 'a log that is deleted by an old value that nobody knows (trap 35)',
    push: () => [move(board, unknown, null)],
    words: /not here/,
  },
  { name: 'a claim that is deleted so', push: () => [move(claims, unknown, null)], words: /not here/ },
  {
    name: 'a claim that is stolen by a plain push',
    push: () => [move(claims, k, raw('by hand', []))],
    words: /anna holds it \(term 1\)/,
  },
  {
    name: 'a claim that is stolen with its tenure',
    push: () => [move(claims, k, claimRecord(held, c, { agent: 'ben' }))],
    words: /says something else/,
  },
  {
    name: 'a beat that makes the lease longer',
    push: () => [move(claims, k, claimRecord(held, c, { beat: 1, ttlMs: 86_400_000 }))],
    words: /says something else/,
  },
  {
    name: 'a beat that counts too far',
    push: () => [move(claims, k, claimRecord(held, c, { beat: 64 }))],
    words: /anna holds it/,
  },
  {
    name: 'a beat whose note is cut by a byte that shells drop',
    push: () => {
      const beat = claimRecord(held, c, { beat: 1 });
      return [
        move(
          claims,
          k,
          changed(beat, (text) => text.replace('"claim"', '"cla\0im"')),
        ),
      ];
    },
    words: /anna holds it/,
  },
  {
    name: 'a landing that refs/replace shows as a better one',
    before: () => repo.put({ [`refs/replace/${plainDone()}`]: done({ landed: landed() }) }),
    push: () => [move(board, c, plainDone()), move(main, m0, m1), move(claims, k, null)],
    words: /nothing in this push says/,
  },
  { name: 'a claim that is deleted alone', push: () => [move(claims, k, null)], words: /anna holds it \(term 1\)/ },
  {
    name: 'a claim that is put back alone',
    before: () => repo.put({ [claims]: null }),
    push: () => [move(claims, null, claimRecord(held, c, { cycle: 'again' }))],
    words: /put back only/,
  },
  {
    name: 'a claim of a new task with another tenure',
    push: () => {
      const mine = heldBy('ben', openTask('y'));
      const first = record('claim', mine, null);
      return [
        move('refs/board/y', null, first),
        move('refs/claims/y', null, claimRecord(heldBy('eve', openTask('y')), first)),
      ];
    },
    words: /claim of the new tenure is missing/,
  },
  {
    name: 'a log whose record is of another task',
    push: () => [move('refs/board/y', null, record('add', openTask('z'), null))],
    words: /its record is of z/,
  },
  {
    name: 'a name that is no id',
    push: () => [move('refs/board/X', null, record('add', openTask('x'), null))],
    words: /can be named so/,
  },
  { name: 'a name below a task', push: () => [move('refs/claims/y/z', null, k)], words: /can be named so/ },
  {
    name: 'a huge note on a log',
    push: () => [move(board, c, record('edit', { ...held, description: 'x'.repeat(400_000) }, c))],
    words: /larger than 256 KiB/,
  },
  {
    name: 'a huge note on a claim that nobody knows',
    push: () => [move('refs/claims/y', null, raw('x'.repeat(400_000), []))],
    words: /larger than 256 KiB/,
  },
  { name: 'a note that is no JSON', push: () => [move(board, c, raw(undefined, [c]))], words: /carries no JSON note/ },
  {
    name: 'a note of another version',
    push: () => [move(board, c, raw({ v: 2, kind: 'task', op: 'edit' }, [c]))],
    words: /needs a newer git-coord/,
  },
  {
    name: 'a record with files in it',
    push: async () => [move(board, c, await repo.code([c]))],
    words: /carries no JSON note|no files/,
  },
  {
    name: 'the book renamed',
    push: async () => [
      move(
        'refs/coord/format',
        (await repo.refs())['refs/coord/format'] ?? '',
        raw({ v: 1, kind: 'format', book: 'book-2', at: 'x' }, []),
      ),
    ],
    words: /another book/,
  },
  {
    name: 'the book unnamed',
    push: async () => [move('refs/coord/format', (await repo.refs())['refs/coord/format'] ?? '', null)],
    words: /book that it names/,
  },
  {
    name: 'a merge of reviewed work with a commit that nobody reviewed beside it',
    before: () => inReview(m1),
    push: async () => [move(main, m0, await repo.code([await repo.code([m0]), m1]))],
    words: /was in no review/,
  },
  {
    name: 'a commit on top of reviewed work',
    before: () => inReview(m1),
    push: async () => [move(main, m0, await repo.code([m1]))],
    words: /was in no review/,
  },
  {
    name: 'a merge of main with itself, beside reviewed work',
    before: () => inReview(m1),
    push: async () => [move(main, m0, await repo.code([await repo.code([m0, m0]), m1]))],
    words: /was in no review/,
  },
  {
    name: 'reviewed work that was meant for another branch',
    before: () =>
      inReview(m1, { review: { branch: 'refs/heads/task/x', commit: m1, target: 'refs/heads/dev', from: m0 } }),
    push: () => [move(main, m0, m1)],
    words: /nothing of it was in review/,
  },
  {
    name: 'a review that is done by what was not reviewed',
    before: () => inReview(m1),
    push: async () => {
      const review = { branch: 'refs/heads/task/x', commit: m1, target: main, from: m0 };
      const v = (await repo.refs())[board] ?? '';
      const other = await repo.code([m0]);
      const d = record('done', { ...held, state: 'done', holder: null, review, landed: landed(main, m0, other) }, v);
      return [move(board, v, d), move(main, m0, other)];
    },
    words: /is not what was reviewed/,
  },
  {
    name: 'a landing reopened that is there',
    before: () => repo.put({ [board]: done({ landed: landed() }), [claims]: null, [main]: m1 }),
    push: async () => {
      const d = (await repo.refs())[board] ?? '';
      return [move(board, d, record('reopen', { ...held, state: 'open', holder: null }, d))];
    },
    words: /but it is here/,
  },
  {
    name: 'the archive deleted',
    before: () => repo.put({ 'refs/archive/board': m0 }),
    push: () => [move('refs/archive/board', m0, null)],
    words: /never deleted/,
  },
  {
    name: 'the archive rewritten',
    before: () => repo.put({ 'refs/archive/board': m1 }),
    push: () => [move('refs/archive/board', m1, m0)],
    words: /only grows/,
  },
];

function* parentsOfC(): Generator<string> {
  yield record('add', openTask('x'), null);
}

test.each(hostile.map((one) => [one.name, one] as const))(
  '%s',
  async (_name, { before, push, atomic = true, words, guards }) => {
    await before?.();
    const refs = await repo.refs();
    const updates = await push();
    const refused = await repo.push(updates, atomic);
    expect(await repo.refs()).toEqual(refs);
    if (words) expect(refused.words).toMatch(words);
    await repo.without('pre-receive');
    const again = await repo.push(updates, atomic);
    expect(await repo.refs()).toEqual(refs);
    expect(again.words).toContain('git-coord: refused');
    await repo.without('reference-transaction');
    await repo.push(updates, atomic);
    const after = await repo.refs();
    expect(after).not.toEqual(refs);
    if (guards) expect(after[guards]).not.toBe(refs[guards]);
  },
);
