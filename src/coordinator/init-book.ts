import type { FormatNote } from '../domain/agent.ts';
import { CoordError } from '../errors.ts';
import { encodeCommit } from '../store/commit-codec.ts';
import type { RecordStore } from '../store/record-store.ts';
import type { NewCommit } from '../transport/port.ts';

export interface BookRequest {
  readonly store: RecordStore;
  /** Where the book is, for people. */
  readonly place: string;
  /** A new uuid, for a book that has to be made. */
  readonly book: string;
  readonly agent: string;
  /** For people: ISO 8601, UTC. */
  readonly at: string;
}

export interface InitialBook {
  readonly book: string;
  /** Somebody else had made it. */
  readonly joined: boolean;
}

/** A request that was neither applied nor overtaken is sent again so often. */
const attemptsMax = 5;

/**
 * Joins the book that is there, or makes one by compare-and-swap: of two at once, one joins the other's (protocol 2,
 * `coord/format`). What came of it is read back.
 * @throws CoordError `unavailable`: the place can't be reached, refuses, or holds a book of a newer version
 */
export async function initBook(request: BookRequest): Promise<InitialBook> {
  const { store, place } = request;
  let words = '';
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const found = await readFormat(store, place);
    if (found !== null) return { book: found, joined: found !== request.book };
    words = await makeFormat(request);
  }
  const found = await readFormat(store, place);
  if (found !== null) return { book: found, joined: found !== request.book };
  throw new CoordError('unavailable', `the book could not be made at ${place}: ${words || 'nothing was said why'}`, {
    next: ['git coord doctor'],
  });
}

/** The uuid of the book that is there, or null. */
export async function readFormat(store: RecordStore, place: string): Promise<string | null> {
  const { records } = await store.read([store.layout.format]);
  const decoded = records.get(store.layout.format)?.decoded;
  if (decoded === undefined) return null;
  if (decoded.ok) return (decoded.note as FormatNote).book;
  throw new CoordError('unavailable', `the book at ${place} can't be used: ${decoded.why}`, {
    hint: `${store.layout.format} says which version the book has.`,
  });
}

/** The record that says which book this is. `at`: ISO 8601, UTC. */
export function formatCommit(
  { layout, objectFormat }: Pick<RecordStore, 'layout' | 'objectFormat'>,
  book: string,
  agent: string,
  at: string,
): NewCommit {
  const note: FormatNote = { v: 1, kind: 'format', book, at };
  const onBranch = layout.prefix.startsWith('refs/heads/');
  const subject = `format: book ${book}${onBranch ? ' [skip ci]' : ''}`;
  return encodeCommit({ objectFormat, parents: [], agent, dateMs: Date.parse(at), subject, note });
}

async function makeFormat({ store, book, agent, at }: BookRequest): Promise<string> {
  const commit = formatCommit(store, book, agent, at);
  const update = { ref: store.layout.format, from: null, to: commit.oid };
  const { message } = await store.swap([update], { atomic: false, objects: [commit] });
  return message;
}
