import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CoordError } from '../errors.ts';
import { makeFolder } from '../transport/make-folder.ts';
import type { Oid } from '../transport/port.ts';
import { fileFolder } from './folder.ts';

/**
 * Cursors of what a clone was told (docs/cli.md, `watch`). What has been told is a value for each ref, too much to stand in
 * every event. So each stream keeps a file, `coord/watch/<stream>`: what had been told when it began, and a line for each
 * step since, written before the step is told. A cursor is `<book>.<stream>.<steps>`: the book's first letters, and how many
 * of the lines count. It holds in the clone that made it, as long as the file is kept. The marks of single looks are in
 * a folder beside it: who looks often must not have streams forgotten.
 */
export interface Told {
  readonly refs: Map<string, Oid>;
  /** Refs that are not there any more: should they come back, nothing is told twice. */
  readonly gone: Map<string, Oid>;
}

export interface Step {
  readonly ref: string;
  readonly oid: Oid;
}

export interface CursorStream {
  /** That of all steps so far. */
  readonly cursor: string;
  /** Writes steps down, after which they may be told. Their cursors. @param before what had been told @throws CoordError `unavailable` */
  append(steps: readonly Step[], before: Told): string[];
}

export interface CursorJournal {
  begin(told: Told): CursorStream;
  /** A cursor for what one look showed; the same look again has the same. @throws CoordError `unavailable` */
  mark(told: Told): string;
  /** What had been told at this cursor. @throws CoordError `usage` */
  find(cursor: string): Told;
}

const streamsMax = 200;
const stepsMax = 5000;
const goneMax = 2000;
const bookChars = 8;

export function cursorJournal(path: string, book: string): CursorJournal {
  const marksPath = `${path}-marks`;
  const start = book.slice(0, bookChars);
  const write = (to: string, stream: string, head: string): string => {
    dropOldest(to);
    fileFolder(to).write(stream, head);
    return stream;
  };
  const headOf = ({ refs, gone }: Told): string =>
    `${JSON.stringify({ book, refs: Object.fromEntries(refs), gone: Object.fromEntries([...gone].slice(-goneMax)) })}\n`;
  const begin = (told: Told): string => write(path, randomBytes(6).toString('hex'), headOf(told));
  return {
    begin(told) {
      let stream = begin(told);
      let steps = 0;
      let isWhole = true;
      return {
        get cursor() {
          return `${start}.${stream}.${steps}`;
        },
        append(added, before) {
          const isThere = statSync(join(path, stream), { throwIfNoEntry: false }) !== undefined;
          if (steps >= stepsMax || !isThere || !isWhole) [stream, steps] = [begin(before), 0];
          // a full disk takes a part of the lines, which count in no cursor
          isWhole = false;
          append(join(path, stream), added);
          isWhole = true;
          return added.map(() => `${start}.${stream}.${++steps}`);
        },
      };
    },
    mark(told) {
      const head = headOf(told);
      return `${start}.${write(marksPath, createHash('sha256').update(head).digest('hex').slice(0, 12), head)}.0`;
    },
    find(cursor) {
      const [, of = '', stream = '', steps = ''] = /^([0-9a-z-]+)\.([0-9a-f]{12})\.([0-9]{1,6})$/.exec(cursor) ?? [];
      if (of === '') throw noCursor(`${JSON.stringify(String(cursor).slice(0, 80))} is no cursor`);
      if (of !== start) throw noCursor('the cursor is of another book');
      const text = fileFolder(path).read(stream) ?? fileFolder(marksPath).read(stream);
      const told = parse(text, book, Number(steps));
      if (told === null) throw noCursor('the cursor is not known here: it was made in another clone, or is too old');
      return told;
    },
  };
}

const noCursor = (message: string): CoordError =>
  new CoordError('usage', message, {
    hint: 'Cursors hold in the clone that made them, for its newest 200 streams. What happened to a task is in its log.',
    next: ['git coord watch', 'git coord log <id>'],
  });

function append(path: string, steps: readonly Step[]): void {
  try {
    appendFileSync(path, steps.map(({ ref, oid }) => `${ref} ${oid}\n`).join(''));
  } catch (error) {
    throw new CoordError('unavailable', `the cursor can't be kept: ${(error as Error).message}`, { cause: error });
  }
}

function parse(text: string | null, book: string, steps: number): Told | null {
  const [head = '', ...lines] = text?.split('\n') ?? [];
  try {
    const begun = JSON.parse(head) as { book: string; refs: Record<string, Oid>; gone: Record<string, Oid> };
    const moves = lines.slice(0, steps).map((line) => line.split(' '));
    if (begun.book !== book || moves.length < steps || moves.some((fields) => fields.length !== 2)) return null;
    const told = { refs: new Map(Object.entries(begun.refs)), gone: new Map(Object.entries(begun.gone)) };
    for (const [ref = '', oid = ''] of moves) told.refs.set(ref, oid);
    return told;
  } catch {
    return null;
  }
}

/** Those that nobody has added to for longest. */
function dropOldest(path: string): void {
  makeFolder(path);
  const names = readdirSync(path);
  if (names.length < streamsMax) return;
  const ages = names.map((name) => ({ name, ms: statSync(join(path, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
  ages.sort((a, b) => a.ms - b.ms);
  for (const { name } of ages.slice(0, names.length - streamsMax + 1)) rmSync(join(path, name), { force: true });
}
