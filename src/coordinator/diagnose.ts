import type { ErrorCode } from '../errors.ts';
import { CoordError } from '../errors.ts';
import type { RecordRead, RecordStore } from '../store/record-store.ts';

/** One thing that `doctor` looked at (docs/cli.md). */
export interface Check {
  readonly id: string;
  readonly ok: boolean;
  readonly detail: string;
  /** The command to type, or what else helps; null when nothing has to be done. */
  readonly fix: string | null;
}

/** A check and what its failure means for the exit status; null: the book works all the same. */
export interface Finding extends Check {
  readonly code: ErrorCode | null;
}

export function good(id: string, detail: string): Finding {
  return { id, ok: true, detail, fix: null, code: null };
}

export function bad(id: string, detail: string, fix: string | null, code: ErrorCode | null): Finding {
  return { id, ok: false, detail, fix, code };
}

/** Makes a finding of whatever a check throws that isn't a defect. */
export async function checked(id: string, look: () => Promise<Finding>): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    return bad(id, error.message, error.next[0] ?? error.hint ?? null, error.code);
  }
}

const namedMax = 10;

/** Unreadable notes by name (protocol 3): they hide nothing but themselves. A claim of plain git has none and is no fault. */
export async function checkNotes(store: RecordStore): Promise<Finding> {
  const { layout } = store;
  const { records } = await store.read([
    layout.all('board'),
    layout.all('claims'),
    layout.all('agents'),
    layout.all('events'),
    layout.all('coord'),
  ]);
  const problems = [...records.values()].flatMap(problemOf);
  if (problems.length === 0) return good('notes', `${records.size} records, all readable`);
  const more = problems.length > namedMax ? `; and ${problems.length - namedMax} more` : '';
  const detail = problems.slice(0, namedMax).join('; ') + more;
  return bad('notes', detail, 'see who wrote it: git log -1 <ref>; other records are not affected', null);
}

/** Whether the remote still shows what this clone has seen there (protocol 5, "A book that went back"). */
export async function checkHistory({ layout, read }: RecordStore): Promise<Finding> {
  const { wentBack } = await read([layout.all('board'), layout.archive]);
  if (wentBack.size === 0) return good('history', 'the remote has all that this clone has seen there');
  const ids = [...wentBack].map((ref) => ref.slice(layout.prefix.length).replace(/^board\//, '')).sort();
  const more = ids.length > namedMax ? `, and ${ids.length - namedMax} more` : '';
  const detail = `the remote has lost tasks, or shows older states of them: ${ids.slice(0, namedMax).join(', ')}${more}`;
  return bad('history', detail, 'git coord restore', 'unavailable');
}

function problemOf({ ref, space, decoded }: RecordRead): string[] {
  if (decoded.ok || (space === 'claims' && /carries no JSON note/.test(decoded.why))) return [];
  return [`${ref}: ${decoded.why}`];
}
