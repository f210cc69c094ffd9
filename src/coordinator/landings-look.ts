/**
 * Whether what the book says has landed is on its branch (protocol 8). A server that died in the middle of a landing has moved the
 * task and not the branch; whoever landed it may be gone as well.
 *
 *   there      noted for this clone: what is taken out of the branch later was taken out by somebody
 *   missing    two reads of the branch lack the commit: put right by the clone that landed it, reported by others
 */
import type { Who } from '../domain/seen.ts';
import type { Task } from '../domain/task.ts';
import type { TaskView } from '../domain/view.ts';
import { CoordError } from '../errors.ts';
import { readBook } from './book-view.ts';
import type { Context } from './context.ts';
import type { LandingCode } from './landing-code.ts';
import { repairLanding } from './repair-landing.ts';

type Landed = NonNullable<Task['landed']>;

export interface LandingLook {
  readonly id: string;
  readonly landed: Landed;
  readonly standing: 'repaired' | 'reopened' | 'missing';
}

/** The clone's code, as a look at landings needs it. */
export interface LandingsCode {
  /** Where the branches are. */
  readonly at: 'remote' | 'clone';
  /** Which of these commits the branch lacks, as it is now. @throws CoordError `not-found`, `unavailable` */
  missing(ref: string, commits: readonly string[]): Promise<ReadonlySet<string>>;
  landing(id: string, landed: Landed): LandingCode;
}

/** `coord/landings-seen.json`: the landings whose commit this clone has seen on its branch, by task. */
export interface SeenLandings {
  load(): ReadonlyMap<string, string>;
  save(seen: ReadonlyMap<string, string>): void;
}

/** Between two reads: a server may still be carrying the push out. */
const apartMs = 2000;

/** @throws CoordError `unavailable` */
export async function lookAtLandings(
  context: Context,
  who: Who,
  code: LandingsCode,
  seen: SeenLandings,
): Promise<LandingLook[]> {
  const { tasks } = await readBook(context, who);
  // what was merged by a review may have come as other commits
  const landings = tasks.flatMap(({ id, state, landed, review, term }) =>
    state === 'done' && landed !== null && review === null ? [{ id, landed, term }] : [],
  );
  const known = new Map(
    [...seen.load()].filter(([id, commit]) => landings.some((one) => one.id === id && one.landed.commit === commit)),
  );
  const unseen = landings.filter(({ id }) => !known.has(id));
  if (unseen.length === 0) return [];
  const { lost, unclear } = await lookFor(context, code, unseen);
  for (const { id, landed } of unseen) if (!lost.has(id) && !unclear.has(id)) known.set(id, landed.commit);
  seen.save(known);
  const looks: LandingLook[] = [];
  for (const one of unseen) if (lost.has(one.id)) looks.push(await putRight(context, code, one));
  return looks;
}

type Unseen = Pick<TaskView, 'id' | 'term'> & { readonly landed: Landed };

/** `unclear`: the branch could not be looked at, as when it was deleted; another look decides. */
async function lookFor(context: Context, code: LandingsCode, all: readonly Unseen[]) {
  const [lost, unclear] = [new Set<string>(), new Set<string>()];
  for (const ref of new Set(all.map(({ landed }) => landed.ref))) {
    let left = all.filter(({ landed }) => landed.ref === ref);
    for (let read = 1; read <= 2 && left.length > 0; read++) {
      if (read > 1) await context.clock.sleep(apartMs);
      const commits = left.map(({ landed }) => landed.commit);
      const missing = await code.missing(ref, commits).catch(ifUnclear);
      if (missing === null) for (const { id } of left) unclear.add(id);
      left = left.filter(({ landed }) => missing?.has(landed.commit) === true);
    }
    for (const { id } of left) lost.add(id);
  }
  return { lost, unclear };
}

/** One branch doesn't keep the others from being looked at. */
function ifUnclear(error: unknown): null {
  if (error instanceof CoordError) return null;
  throw error;
}

async function putRight(context: Context, code: LandingsCode, { id, term, landed }: Unseen): Promise<LandingLook> {
  const ended = context.ended.get(id);
  // what landed in a clone before its book moved away is that clone's to push
  const isOurs = ended?.op === 'done' && ended.term === term && ended.landedAt === code.at;
  if (!isOurs) return { id, landed, standing: 'missing' };
  try {
    await repairLanding(context, ended, id, landed, code.landing(id, landed));
    return { id, landed, standing: 'repaired' };
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    // what can't be put right now is looked at again
    return { id, landed, standing: error.code === 'lost' ? 'reopened' : 'missing' };
  }
}
