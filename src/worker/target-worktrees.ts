/**
 * The embedded mode lands on a branch of the clone itself, and a worktree may have it checked out (protocol 4): it has to
 * follow, or the next `commit -a` there would take the landing back (trap 42).
 *
 *   check      a rebase or bisect of the branch, or changes that the landing touches, refuse
 *   intention  what is about to move, in `coord/landing/<task>.json`
 *   move       the ref transaction, which the caller makes
 *   follow     `git read-tree -m -u` in each worktree; the intention is removed
 *
 * After a crash the next command finds the intention. Where the branch has moved it makes the worktrees follow.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { livingOwner, ownerGone } from '../config/owner.ts';
import { CoordError } from '../errors.ts';
import { withFileLock } from '../transport/file-lock.ts';
import { type CloneGit, firstWords } from './clone-git.ts';
import { gateWorktrees } from './gates/landing-gates.ts';
import { filesInTheWay } from './in-the-way.ts';
import { listWorktrees } from './worktree-list.ts';

interface Intention {
  readonly ref: string;
  readonly from: string;
  readonly to: string;
  readonly worktrees: readonly string[];
  /** The process that lands; while it lives it is its own matter. */
  readonly owner: Parameters<typeof ownerGone>[0] | null;
}

export interface Move {
  readonly ref: string;
  readonly from: string;
  readonly to: string;
}

/** A landing takes a moment; one that hangs is passed over. */
const landingMsMax = 60_000;

const folderOf = (coordDir: string): string => join(coordDir, 'landing');

/**
 * Makes the transaction that moves the branch, and has the worktrees follow. One landing of this clone at a time: another's
 * worktrees that don't follow yet would look like changes that are in the way.
 * @throws CoordError `not-ready` naming the worktree and what is in the way; and what `move` throws
 */
export async function movingHere<T>(
  git: CloneGit,
  coordDir: string,
  task: string,
  move: Move,
  transaction: () => Promise<T>,
): Promise<T> {
  return withFileLock(join(coordDir, 'landing.lock'), landingMsMax, async () => {
    await intendMove(git, coordDir, task, move);
    try {
      return await transaction();
    } finally {
      await followMove(git, coordDir, task);
    }
  });
}

/**
 * Looks whether the worktrees can follow, and writes down that they will.
 * @throws CoordError `not-ready`
 */
async function intendMove(git: CloneGit, coordDir: string, task: string, move: Move): Promise<void> {
  const worktrees = await worktreesOf(git, coordDir, move.ref);
  for (const dir of worktrees) await mustBeAbleToFollow(git, dir, move);
  const intention: Intention = { ...move, worktrees, owner: livingOwner(process.pid) };
  const path = join(folderOf(coordDir), `${task}.json`);
  await mkdir(folderOf(coordDir), { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(intention));
  await rename(`${path}.new`, path);
}

/** Has the worktrees follow if the branch has moved, and forgets the intention. */
async function followMove(git: CloneGit, coordDir: string, task: string): Promise<void> {
  const path = join(folderOf(coordDir), `${task}.json`);
  const intention = await readIntention(path);
  if (intention !== null && (await hasMoved(git, intention))) {
    const answers = [];
    for (const dir of intention.worktrees) answers.push(await follow(git, dir, intention));
    // it stays written down: the next command tries again, before anybody's commit takes the landing back
    if (answers.includes(false)) return;
  }
  await rm(path, { force: true });
  // gone, so that the next commands needn't look; another landing's file keeps it
  await rmdir(folderOf(coordDir)).catch(() => {});
}

/** What killed landings left to do. */
export async function followLeftMoves(git: CloneGit, coordDir: string): Promise<void> {
  if (!existsSync(folderOf(coordDir))) return;
  for (const name of await readdir(folderOf(coordDir))) {
    if (!name.endsWith('.json')) continue;
    const { owner } = (await readIntention(join(folderOf(coordDir), name))) ?? { owner: null };
    if (owner === null || ownerGone(owner)) await followMove(git, coordDir, name.slice(0, -'.json'.length));
  }
}

async function readIntention(path: string): Promise<Intention | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Intention;
  } catch {
    return null;
  }
}

async function hasMoved(git: CloneGit, { ref, to }: Intention): Promise<boolean> {
  return (await git.try(['merge-base', '--is-ancestor', to, ref])).status === 0;
}

/** The worktrees that have this branch checked out. @throws CoordError `not-ready` for one in the middle of a rebase or bisect of it */
async function worktreesOf(git: CloneGit, coordDir: string, ref: string): Promise<string[]> {
  const found: string[] = [];
  for (const { dir, branch, bare, gone } of await listWorktrees(git)) {
    // those of another landing's gates come and go, and have no branch
    if (bare || gone || dir.startsWith(gateWorktrees(coordDir) + sep)) continue;
    if (branch === ref && !existsSync(join(dir, '.git'))) throw placeUnknown(dir);
    const busy = await inTheMiddleOf(git, dir, ref);
    if (busy !== null)
      throw new CoordError('not-ready', `${busy} of ${ref} is under way in ${dir}`, {
        hint: 'The claim is kept. Finish it or give it up there, then land again.',
        next: [`git -C ${dir} status`],
        data: { waits: true },
      });
    if (branch === ref) found.push(dir);
  }
  return found;
}

/** A git folder that is apart from its worktree (`--separate-git-dir`), seen from another worktree. */
const placeUnknown = (gitDir: string): CoordError =>
  new CoordError('not-ready', `the worktree of ${gitDir} has the target checked out, and git can't tell where it is`, {
    hint: 'The claim is kept. Land from that worktree, with --from <branch>, or tell git where it is.',
    next: [`git --git-dir=${gitDir} config core.worktree <folder>`],
  });

/** In the middle of a rebase or bisect HEAD is detached, and the branch is only named in a file. */
async function inTheMiddleOf(git: CloneGit, dir: string, ref: string): Promise<string | null> {
  const gitDir = await git.text(['rev-parse', '--path-format=absolute', '--git-dir'], { dir });
  const says = async (name: string) => (await readFile(join(gitDir, name), 'utf8').catch(() => '')).trim();
  const rebased = [await says('rebase-merge/head-name'), await says('rebase-apply/head-name')];
  if (rebased.includes(ref)) return 'a rebase';
  return `refs/heads/${await says('BISECT_START')}` === ref ? 'a bisect' : null;
}

async function mustBeAbleToFollow(git: CloneGit, dir: string, { from, to }: Move): Promise<void> {
  await git.try(['update-index', '-q', '--refresh'], { dir });
  const { status, stderr } = await git.try(['read-tree', '-n', '-m', '-u', from, to], { dir });
  const [lost] = await filesInTheWay(git, dir, from, to);
  if (status === 0 && lost === undefined) return;
  const why = status === 0 ? `${lost} would be overwritten, and is in no commit` : firstWords(stderr);
  throw new CoordError('not-ready', `${dir} has the target checked out, and can't follow: ${why}`, {
    hint: 'The landing touches files that are changed or untracked there. The claim is kept.',
    next: [`git -C ${dir} status`],
    data: { waits: true },
  });
}

/** Once is enough: a worktree whose index has the landing already, or was changed since, is left as it is. */
async function follow(git: CloneGit, dir: string, { from, to }: Intention): Promise<boolean> {
  if (!existsSync(dir)) return true;
  for (let tries = 1; ; tries++) {
    const before = await git.try(['diff-index', '--cached', '--quiet', to, '--'], { dir });
    if (before.status === 0) return true;
    if ((await filesInTheWay(git, dir, from, to)).length > 0) return false;
    const { status, stderr } = await git.try(['read-tree', '-m', '-u', from, to], { dir });
    if (status === 0) return true;
    // whoever looks at the worktree all the time, as editors do, has its index locked for a moment
    if (tries >= followTriesMax || !stderr.includes('index.lock')) return false;
    await delay(20 * tries);
  }
}

const followTriesMax = 20;
