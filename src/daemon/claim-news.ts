import type { Context } from '../coordinator/context.ts';
import type { ClaimNote } from '../domain/claim.ts';
import type { BookRead } from '../store/record-store.ts';

/** Notices in what a sweep reads whether the claims changed: one came, went, or said something new; a beat doesn't count. */
export class ClaimNews {
  #last = '';
  #now = '';

  /** The same context, watched. */
  watch(context: Context): Context {
    const { store } = context;
    const read = async (patterns: readonly string[]): Promise<BookRead> => {
      const found = await store.read(patterns);
      if (patterns.includes(store.layout.all('claims'))) this.#now = signature(found);
      return found;
    };
    return { ...context, store: { ...store, read } };
  }

  /** Whether there is news since this was last asked. */
  take(): boolean {
    const isNew = this.#now !== this.#last;
    this.#last = this.#now;
    return isNew;
  }
}

function signature({ records }: BookRead): string {
  const claims = [...records.values()].filter(({ space }) => space === 'claims');
  return claims
    .map(({ name, decoded }) => {
      const note = decoded.ok ? (decoded.note as ClaimNote) : null;
      // a new cycle begins with every piece of news (protocol 7)
      const state = note === null ? decoded.oid : 'cycle' in note ? `${note.tenure} ${note.cycle}` : '-';
      return `${name} ${state}`;
    })
    .sort()
    .join('\n');
}
