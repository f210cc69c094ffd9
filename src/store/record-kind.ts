import type { CommitObject, Oid, Unreadable } from '../transport/port.ts';
import { parseNote } from './commit-codec.ts';

/** What the store needs to know of a kind of record; it knows nothing else of tasks and claims. */
export interface RecordKind<T> {
  readonly name: string;
  readonly version: number;
  /** Made when the first record is decoded. */
  readonly schema: () => Schema<T>;
}

interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: readonly Issue[] } };
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A ref's value, decoded. A bad one is refused by name and hides nothing but itself (protocol 3). */
export type Decoded<T> =
  | { readonly ok: true; readonly oid: Oid; readonly parents: readonly Oid[]; readonly note: T }
  | { readonly ok: false; readonly oid: Oid; readonly why: string };

export function decodeRecord<T>(
  kind: RecordKind<T>,
  oid: Oid,
  object: CommitObject | Unreadable | undefined,
): Decoded<T> {
  if (object === undefined) return { ok: false, oid, why: 'its object is missing' };
  if ('unreadable' in object) return { ok: false, oid, why: unreadableText[object.unreadable] };
  const raw = parseNote(object.message);
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    return { ok: false, oid, why: 'it carries no JSON note' };
  const { v, kind: named } = raw as { v?: unknown; kind?: unknown };
  if (named !== kind.name) return { ok: false, oid, why: `it is not a ${kind.name} record` };
  if (v !== kind.version) {
    const newer = typeof v === 'number' && v > kind.version;
    return {
      ok: false,
      oid,
      why: newer ? `it has version ${v} and needs a newer git-coord` : 'its version is unknown',
    };
  }
  const parsed = parse(kind, raw);
  if (typeof parsed === 'string') return { ok: false, oid, why: parsed };
  return { ok: true, oid, parents: object.parents, note: parsed.data };
}

function parse<T>(kind: RecordKind<T>, raw: unknown): { data: T } | string {
  try {
    const result = kind.schema().safeParse(raw);
    if (result.success) return result;
    const issue = result.error.issues[0];
    return `its note is malformed at ${issue?.path.join('.') || 'the top'}: ${issue?.message ?? 'unknown'}`;
  } catch (error) {
    if (error instanceof RangeError) return 'its note is nested too deeply';
    throw error;
  }
}

const unreadableText = {
  missing: 'its object is missing',
  'not-a-commit': 'it is not a commit',
  oversized: 'its note is larger than 256 KiB',
} as const;
