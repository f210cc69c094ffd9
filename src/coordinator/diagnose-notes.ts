import type { RecordRead, RecordStore } from '../store/record-store.ts';
import { bad, type Finding, good, quoted, someOf } from './diagnose.ts';
import { kindOf } from './record-kinds.ts';

/** How far back a readable state is looked for. */
const stepsMax = 20;
/** So many are put right by one command line. */
const commandsMax = 5;

interface Problem {
  readonly ref: string;
  readonly oid: string;
  readonly why: string;
}

/**
 * Unreadable notes by name (protocol 3): they hide nothing but themselves. A claim of plain git has none and is no fault.
 * @param remote where the book is; null: in the clone itself
 */
export async function checkNotes(store: RecordStore, remote: string | null): Promise<Finding> {
  const { layout } = store;
  const spaces = (['board', 'claims', 'agents', 'events', 'coord'] as const).map((space) => layout.all(space));
  const { records } = await store.read(spaces);
  const problems = [...records.values()].flatMap(problemOf);
  if (problems.length === 0) return good('notes', `${records.size} records, all readable`);
  const detail = someOf(
    problems.map(({ ref, why }) => `${ref}: ${why}`),
    '; ',
  );
  const broken = problems.filter(({ why }) => !isNewer(why));
  if (broken.length === 0) return bad('notes', detail, 'install the newest git-coord here', null);
  const commands: string[] = [];
  for (const problem of broken.slice(0, commandsMax)) commands.push(await wayBack(store, remote, problem));
  return bad('notes', detail, commands.join(' && '), null);
}

function problemOf({ ref, space, decoded }: RecordRead): Problem[] {
  if (decoded.ok || (space === 'claims' && /carries no JSON note/.test(decoded.why))) return [];
  return [{ ref, oid: decoded.oid, why: decoded.why }];
}

/** Nobody may write over what a newer version has written. */
const isNewer = (why: string): boolean => why.includes('needs a newer');

/**
 * The last state that can be read comes back on top of what was found, so that nobody's view of the task goes back; without
 * one the ref goes. Either only while it still shows what was found.
 */
async function wayBack(store: RecordStore, remote: string | null, { ref, oid }: Problem): Promise<string> {
  const good = await lastReadable(store, ref, oid);
  const name = quoted(ref);
  const copy = `git log -1 --format=%B ${good} | git commit-tree -p ${oid} ${good}^{tree}`;
  if (remote === null)
    return good === null ? `git update-ref -d ${name} ${oid}` : `git update-ref ${name} $(${copy}) ${oid}`;
  const to = quoted(remote);
  const push = (from: string) =>
    `git push --no-verify ${quoted(`--force-with-lease=${ref}:${oid}`)} ${to} ${from}:${name}`;
  return good === null ? push('') : `git fetch ${to} ${name} && ${push(`$(${copy})`)}`;
}

async function lastReadable(store: RecordStore, ref: string, oid: string): Promise<string | null> {
  const place = store.layout.parse(ref);
  const kind = place === null ? null : kindOf(place.space, place.name);
  // the states of a task follow each other; a claim or an agent that comes back would be one that has ended
  if (kind === null || place?.space !== 'board') return null;
  const states = await store.history(kind, oid, stepsMax);
  return states.find(({ ok }) => ok)?.oid ?? null;
}
