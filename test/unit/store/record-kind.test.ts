import { expect, test } from 'vitest';
import type { Context } from '../../../src/coordinator/context.ts';
import { seenOf } from '../../../src/coordinator/read-seen.ts';
import { kindOf, kinds } from '../../../src/coordinator/record-kinds.ts';
import { encodeCommit } from '../../../src/store/commit-codec.ts';
import { decodeRecord } from '../../../src/store/record-kind.ts';
import { recordStore } from '../../../src/store/record-store.ts';
import { refLayout } from '../../../src/store/ref-layout.ts';
import { createMemoryRemote } from '../../../src/transport/memory.ts';
import { parseCommit } from '../../../src/transport/objects/parse-commit.ts';
import type { Transport } from '../../../src/transport/port.ts';
import { claim, note, task } from '../domain/samples.ts';

const good = note(task('open'));
const nested = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;

function commitOf(value: unknown): Buffer {
  const given = { objectFormat: 'sha1', parents: [], agent: 'a', dateMs: 0, subject: 's' } as const;
  return encodeCommit({ ...given, note: value }).body;
}

const raw = (json: string): Buffer => Buffer.from(commitOf('NOTE').toString().replace('"NOTE"', json));

const changed = (over: object): Buffer => commitOf({ ...good, ...over });
const changedTask = (over: object): Buffer => commitOf({ ...good, task: { ...good.task, ...over } });

const rows: [string, Buffer, RegExp | null][] = [
  ['a good one', commitOf(good), null],
  ['fields that a later version adds', changed({ more: true }), null],
  ['a newer version', changed({ v: 2 }), /has version 2 and needs a newer git-coord/],
  ['an unknown version', changed({ v: 'x' }), /version is unknown/],
  ['another kind', commitOf(claim()), /not a task record/],
  ['no note', raw(''), /no JSON note/],
  ['a list', raw('[]'), /no JSON note/],
  ['null', raw('null'), /no JSON note/],
  ['half of one', raw('{"v": 1,'), /no JSON note/],
  ['an unknown state', changedTask({ state: 'lost' }), /malformed at task\.state/],
  ['a term that is no number', changedTask({ term: '3' }), /malformed at task\.term/],
  ['a negative term', changedTask({ term: -1 }), /malformed at task\.term/],
  ['an id that is none', changedTask({ id: '../x' }), /malformed at task\.id/],
  ['a short nonce', changed({ nonce: 'x' }), /malformed at nonce/],
  ['no payload', changedTask({ payload: undefined }), /malformed at task\.payload/],
  ['claimed by nobody', changedTask({ state: 'claimed' }), /holder and state differ/],
  ['nested deeply', raw(`{"v":1,"kind":"task","task":{"payload":${nested}}}`), /malformed|nested too deeply|no JSON note/],
  ['oversized', commitOf({ ...good, more: 'x'.repeat(300 * 1024) }), /larger than 256 KiB/],
  ['not a commit', Buffer.from('a blob'), /not a commit/],
]; // biome-ignore format: one row, one line

test.each(rows)('%s', (_name, body, why) => {
  const decoded = decodeRecord(kinds.task, 'f'.repeat(40), parseCommit(body));
  if (why === null) expect(decoded).toMatchObject({ ok: true, note: good });
  else expect(decoded).toMatchObject({ ok: false, why: expect.stringMatching(why) });
});

test('an object that is missing', () => {
  expect(decodeRecord(kinds.task, 'f'.repeat(40), undefined)).toMatchObject({ ok: false, why: /missing/ });
  expect(decodeRecord(kinds.task, 'f'.repeat(40), { unreadable: 'missing' })).toMatchObject({ why: /missing/ });
});

test.each([
  ['a beat beyond the cycle', { beat: 64 }],
  ['a ttl of nothing', { ttlMs: 0 }],
  ['a ttl of weeks', { ttlMs: 1e9 }],
])('a claim with %s is unreadable', (_name, over) => {
  const decoded = decodeRecord(kinds.claim, 'f'.repeat(40), parseCommit(commitOf({ ...claim(), ...over })));
  expect(decoded.ok).toBe(false);
});

const oids = { from: 'a'.repeat(40), commit: 'b'.repeat(40) };
const review = { ...oids, branch: 'refs/heads/task/x', target: 'refs/heads/main' };
test.each([
  ['a whole review', { review }, true],
  ['a whole landing', { landed: { ...oids, ref: 'refs/heads/main' } }, true],
  ['an option for a commit', { review: { ...review, from: '--output=/home/somebody/.bashrc' } }, false],
  ['an option for a branch', { review: { ...review, target: '--upload-pack=x' } }, false],
  ['a refspec for a branch', { landed: { ...oids, ref: 'refs/heads/main:refs/heads/other' } }, false],
  ['a name for a commit', { landed: { ...oids, commit: 'HEAD', ref: 'refs/heads/main' } }, false],
])('%s: a task that has it is read: %s', (_name, over, ok) => {
  const note = { ...good, task: { ...good.task, ...over } };
  expect(decodeRecord(kinds.task, 'f'.repeat(40), parseCommit(commitOf(note))).ok).toBe(ok);
});

test('a bad record hides nothing but itself, and a note of another task is bad', async () => {
  const remote = createMemoryRemote();
  const layout = refLayout('refs/');
  remote.plant(layout.board('x'), 'commit', commitOf(good));
  remote.plant(layout.board('y'), 'commit', commitOf(good));
  remote.plant(layout.board('z'), 'blob', Buffer.from('not a commit'));
  remote.plant(layout.claims('x'), 'commit', commitOf(claim({ task: 'y' })));
  remote.plant('refs/coord/unknown', 'blob', Buffer.from('of a later version'));
  const store = recordStore(remote.connect(), layout, kindOf);
  const read = await store.read([layout.all('board'), layout.all('claims'), layout.all('coord')]);
  expect([...read.records.keys()].sort()).toEqual(['refs/board/x', 'refs/board/y', 'refs/board/z', 'refs/claims/x']);
  const seen = (id: string) => seenOf({ store } as Context, read, id);
  expect(seen('x')).toMatchObject({ task: { kind: 'task' }, lease: { kind: 'unreadable' } });
  expect(seen('y').task).toMatchObject({ kind: 'bad', why: 'its note is of another task' });
  expect(seen('z').task).toMatchObject({ kind: 'bad', why: 'it is not a commit' });
});

test('a book of more records than are remembered shows all of them, read after read', async () => {
  const remote = createMemoryRemote();
  const layout = refLayout('refs/');
  const ids = Array.from({ length: 5200 }, (_, n) => `t-${n}`);
  for (const id of ids) remote.plant(layout.board(id), 'commit', commitOf({ ...good, task: { ...good.task, id } }));
  const store = recordStore(remote.connect(), layout, kindOf);
  for (let reads = 0; reads < 3; reads++) {
    const { records } = await store.read([layout.all('board')]);
    expect([...records.values()].filter(({ decoded }) => !decoded.ok)).toEqual([]);
    expect(records.size).toBe(ids.length);
  }
});

test.each([
  ['of some tasks', (ids: string[]) => ids.slice(0, 40).map((id) => refLayout('refs/').board(id))],
  ['of all claims', () => [refLayout('refs/').all('claims')]],
])('after a read %s the others of the book are still remembered', async (_, patternsOf) => {
  const remote = createMemoryRemote();
  const layout = refLayout('refs/');
  const ids = Array.from({ length: 200 }, (_, n) => `t-${n}`);
  for (const id of ids) remote.plant(layout.board(id), 'commit', commitOf({ ...good, task: { ...good.task, id } }));
  for (const id of ids.slice(0, 40)) remote.plant(layout.claims(id), 'commit', commitOf(claim({ task: id })));
  const read: string[] = [];
  const transport = remote.connect();
  const watched: Transport = {
    ...transport,
    read(oids) {
      read.push(...oids);
      return transport.read(oids);
    },
  };
  const store = recordStore(watched, layout, kindOf);
  const whole = [layout.all('board'), layout.all('claims')];
  await store.read(whole);
  await store.read(patternsOf(ids));
  read.length = 0;
  await store.read(whole);
  expect(read).toEqual([]);
});
