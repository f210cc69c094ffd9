import type { probeBook } from '../app/profile.ts';
import type { BookSettings } from '../app/setup.ts';
import { bad, type Finding, good } from '../coordinator/diagnose.ts';
import { placeName, whyUnfit } from './init-host.ts';

type Probed = Awaited<ReturnType<typeof probeBook>>;

interface Row {
  readonly id: string;
  readonly trait: 'pushRights' | 'customRefs' | 'compareAndSwap' | 'atomic' | 'nonFastForward' | 'deletes';
  readonly yes: string;
  /** What it means without. */
  readonly no: string;
}

const rows: readonly Row[] = [
  { id: 'push-rights', trait: 'pushRights', yes: 'you may push', no: 'you may not push' },
  { id: 'custom-refs', trait: 'customRefs', yes: 'refs of the book are taken', no: 'refs of the book are refused' },
  {
    id: 'compare-and-swap',
    trait: 'compareAndSwap',
    yes: 'a stale value is refused',
    no: 'a lost race is not refused: two could hold one task',
  },
  {
    id: 'atomic',
    trait: 'atomic',
    yes: 'all refs of a push or none',
    no: 'no atomic pushes: claims work, but landing is not fenced',
  },
  {
    id: 'non-fast-forward',
    trait: 'nonFastForward',
    yes: 'refs can be replaced',
    no: 'refs can only grow: beats are chained',
  },
  { id: 'deletes', trait: 'deletes', yes: 'refs can be deleted', no: 'no deletions: released claims stay as records' },
];

/** What a probe found, as checks. One that wasn't tried, because of an earlier no, isn't shown. */
export function probeFindings(book: BookSettings & { remote: string }, probed: Probed): Finding[] {
  const unfit = whyUnfit(book, probed);
  return rows.flatMap(({ id, trait, yes, no }) => {
    const value = probed[trait];
    if (value === null) return [];
    if (value) return [good(id, yes)];
    const words = probed.words[trait];
    const detail = words === undefined ? no : `${no} (${placeName(book)}: ${words})`;
    // the book works without these, and its owner alone can change them
    if (trait === 'atomic' || trait === 'nonFastForward' || trait === 'deletes') return [bad(id, detail, null, null)];
    return [bad(id, detail, unfit?.next.join(' && ') || (unfit?.hint ?? null), 'unavailable')];
  });
}
