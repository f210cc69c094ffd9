/**
 * Of which book the store remembers tasks. A repository that holds another book, put in the place of ours, is shown as what
 * it is and leaves nothing behind: `restore` would push its tasks into ours.
 */
import type { Reader } from '../local/reader.ts';
import type { CommitObject, Oid, RefList, RefUpdate, Unreadable } from '../port.ts';
import type { PlainMove } from './kept-refs.ts';
import { matching } from './ref-map.ts';

export const bookRef = 'refs/coord/book';
const unsureRoot = 'refs/coord/unsure/';

/** How a book is known. */
export interface KnownBook {
  /** The ref whose record names it. */
  readonly ref: string;
  isOurs(record: CommitObject | Unreadable | undefined): boolean;
}

export class KeptOf {
  readonly #book: KnownBook | undefined;
  /** The record stays the same for as long as it is the same book. */
  readonly #ours = new Set<Oid>();

  /** Without a book: whatever the remote shows is kept. */
  constructor(book: KnownBook | undefined) {
    this.#book = book;
  }

  isName(ref: string): boolean {
    return ref === this.#book?.ref;
  }

  /** Whether the book that is shown is noted as the one that is kept. */
  isNoted(shown: ReadonlyMap<string, Oid>, marked: Oid | undefined): boolean {
    return this.#book === undefined || shown.get(this.#book.ref) === marked;
  }

  /** What a look asks for, to see which book it is. */
  asking(patterns: readonly string[]): readonly string[] {
    return this.#book === undefined ? patterns : [...new Set([...patterns, this.#book.ref])];
  }

  /** Without what was asked for beside the patterns. */
  asked(patterns: readonly string[], refs: RefList['refs']): RefList['refs'] {
    if (this.#book === undefined || matching(patterns)(this.#book.ref)) return refs;
    return new Map([...refs].filter(([ref]) => !this.isName(ref)));
  }

  /** The record by which the remote is known as ours; null: it names another; undefined: nothing says which it is. */
  async known(shown: ReadonlyMap<string, Oid>, reader: Reader): Promise<Oid | null | undefined> {
    const oid = this.#book && shown.get(this.#book.ref);
    if (oid === undefined) return undefined;
    return (await this.isOurs(oid, reader)) ? oid : null;
  }

  async isOurs(oid: Oid, reader: Reader): Promise<boolean> {
    if (this.#ours.has(oid)) return true;
    if (!this.#book?.isOurs((await reader.commits([oid])).get(oid))) return false;
    this.#ours.add(oid);
    return true;
  }
}

/** Gives up what of `kept` the remote has lost for what it shows. The old values stay, where nobody looks for losses. */
export function setAside(
  kept: ReadonlyMap<string, Oid>,
  { refs, wentBack }: RefList,
): { readonly moves: readonly RefUpdate[]; readonly others: readonly PlainMove[] } {
  const unsure = [...kept].filter(([ref]) => wentBack.has(ref));
  return {
    moves: unsure.map(([ref, from]) => ({ ref, from, to: refs.get(ref) ?? null })),
    others: unsure.map(([ref, to]) => ({ ref: unsureRoot + ref.slice('refs/'.length), to })),
  };
}
