/**
 * The store's memory of the task logs: `<prefix>board/*` under their own names, moved by fast-forward only, so that a
 * remote which went back behind what this clone once saw is noticed (protocol 5, "A book that went back").
 */
import { CoordError } from '../../errors.ts';
import { runGit } from '../git-process.ts';
import { type Coprocess, CoprocessEnded, type Reply } from '../local/coprocess.ts';
import type { Reader } from '../local/reader.ts';
import type { ObjectFormat } from '../objects/object-id.ts';
import type { Oid, RefUpdate } from '../port.ts';
import { cleanWords } from './redact.ts';

export interface KeptRefsOptions {
  readonly store: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

export interface KeptReading {
  /** Kept refs that can follow the remote. */
  readonly moves: readonly RefUpdate[];
  /** Refs that show something that doesn't descend from what is kept, or nothing. */
  readonly behind: readonly string[];
}

/** Longer ways between two readings are walked by git. */
const walkMax = 64;

/** Compares what is kept with what the remote showed of it; both hold the same selection of refs. */
export async function compareKept(
  kept: ReadonlyMap<string, Oid>,
  shown: ReadonlyMap<string, Oid>,
  isKept: (ref: string) => boolean,
  isAncestor: (ancestor: Oid, descendant: Oid) => Promise<boolean>,
): Promise<KeptReading> {
  const moves: RefUpdate[] = [];
  const behind: string[] = [];
  for (const [ref, to] of shown) {
    if (!isKept(ref)) continue;
    const from = kept.get(ref);
    if (from === undefined) moves.push({ ref, from: null, to });
    else if (from !== to) {
      if (await isAncestor(from, to)) moves.push({ ref, from, to });
      else behind.push(ref);
    }
  }
  for (const ref of kept.keys()) if (!shown.has(ref)) behind.push(ref);
  return { moves, behind };
}

/** Whether `descendant` is reached from `ancestor`: over first parents in process, else by git. */
export async function isAncestorIn(
  reader: Reader,
  options: KeptRefsOptions,
  ancestor: Oid,
  descendant: Oid,
): Promise<boolean> {
  let at: Oid | undefined = descendant;
  for (let steps = 0; at !== undefined && steps < walkMax; steps++) {
    if (at === ancestor) return true;
    const commit = (await reader.commits([at])).get(at);
    if (commit === undefined || 'unreadable' in commit || commit.parents.length > 1) break;
    at = commit.parents[0];
  }
  if (at === undefined) return false;
  const args = ['merge-base', '--is-ancestor', ancestor, descendant];
  const { status } = await runGit(args, { gitDir: options.store, env: options.env, timeoutMs: options.timeoutMs });
  return status === 0;
}

/** Those of these commits that are not in the history of `tip`. @throws CoordError `unavailable` */
export async function outsideOf(
  { store, env, timeoutMs }: KeptRefsOptions,
  tip: Oid,
  commits: readonly Oid[],
): Promise<ReadonlySet<Oid>> {
  const input = [...commits, `^${tip}`, ''].join('\n');
  const { status, stdout, stderr } = await runGit(['rev-list', '--stdin'], { gitDir: store, env, timeoutMs, input });
  if (status !== 0) throw new CoordError('unavailable', `the store could not be read: ${cleanWords(stderr)}`);
  const listed = new Set(stdout.toString('utf8').split('\n'));
  return new Set(commits.filter((oid) => listed.has(oid)));
}

/** A ref that is set whatever it shows; `to` null: deleted. */
export interface PlainMove {
  readonly ref: string;
  readonly to: Oid | null;
}

/**
 * Moves kept refs, and others whatever they show, in one transaction. It fails when another process moved a kept one
 * meanwhile; nothing is lost then, because the next list compares again.
 */
export async function moveKept(
  updateRef: Coprocess,
  moves: readonly RefUpdate[],
  objectFormat: ObjectFormat,
  others: readonly PlainMove[] = [],
): Promise<void> {
  if (moves.length + others.length === 0) return;
  const absent = '0'.repeat(objectFormat === 'sha1' ? 40 : 64);
  const lines = moves.map(({ ref, from, to }) =>
    to === null ? `delete ${ref}\0${from ?? absent}\0` : `update ${ref}\0${to}\0${from ?? absent}\0`,
  );
  for (const { ref, to } of others) lines.push(to === null ? `delete ${ref}\0\0` : `update ${ref}\0${to}\0\0`);
  const read = async (reply: Reply): Promise<void> => {
    await reply.line(); // start: ok
    await reply.line(); // commit: ok
  };
  await updateRef.exchange(`start\0${lines.join('')}commit\0`, read).catch((error: unknown) => {
    if (!(error instanceof CoprocessEnded)) throw error;
  });
}

/** For `moveKept`: answers for as long as the store is the same. */
export const updateRefArgs = ['-c', 'core.hooksPath=/dev/null', 'update-ref', '--no-deref', '--stdin', '-z'];
