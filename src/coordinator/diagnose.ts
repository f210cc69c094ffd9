import type { ErrorCode } from '../errors.ts';
import { CoordError } from '../errors.ts';
import type { RecordStore } from '../store/record-store.ts';

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
  /** What `--fix` does about it; absent where somebody has to decide. */
  readonly repair?: () => Promise<void>;
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

/** At most so many names, and how many more there are. */
export function someOf(names: readonly string[], separator = ', '): string {
  const more = names.length > namedMax ? `${separator}and ${names.length - namedMax} more` : '';
  return names.slice(0, namedMax).join(separator) + more;
}

/** As a shell takes it for one word. */
export const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** Whether the remote still shows what this clone has seen there (protocol 5, "A book that went back"). */
export async function checkHistory({ layout, read }: RecordStore): Promise<Finding> {
  const { wentBack } = await read([layout.all('board'), layout.archive]);
  if (wentBack.size === 0) return good('history', 'the remote has all that this clone has seen there');
  const ids = [...wentBack].map((ref) => ref.slice(layout.prefix.length).replace(/^board\//, '')).sort();
  const detail = `the remote has lost tasks, or shows older states of them: ${someOf(ids)}`;
  return bad('history', detail, 'git coord restore', 'unavailable');
}
