/**
 * The gates of a landing: they run where the result is checked out, or in a worktree made for that. A tree that has passed isn't
 * checked again: when only its history changed, nothing that a check could see has.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CoordError } from '../../errors.ts';
import { type CloneGit, firstWords } from '../clone-git.ts';
import { withWorktreesLock } from '../task-worktrees.ts';
import type { GateReport } from './checks.ts';
import { gateFailure } from './words.ts';

export interface LandingGates {
  /** Runs the checks in a folder, on what its HEAD has and a commit's history has not. */
  run(dir: string, from: string, signal: AbortSignal): Promise<GateReport>;
  /** Does it so that this process, told to end, first ends what `work` runs and has it clean up. */
  whileStoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export interface CheckPlace {
  readonly git: CloneGit;
  /** `<commonDir>/coord` */
  readonly coordDir: string;
  readonly task: string;
  readonly gates: LandingGates | null;
}

/** @throws CoordError `gate-failed` */
export function landingCheck({ git, coordDir, task, gates }: CheckPlace, isHead: boolean) {
  const passed = new Set<string>();
  return async (from: string, commit: string): Promise<void> => {
    if (gates === null) return;
    const tree = await git.text(['rev-parse', `${commit}^{tree}`]);
    if (passed.has(tree)) return;
    const report = await gates.whileStoppable((signal) => {
      const run = (dir: string) => gates.run(dir, from, signal);
      return isHead ? run(git.dir) : inOwnWorktree(git, coordDir, commit, run);
    });
    if (!report.ok) throw gateFailure(task, report);
    passed.add(tree);
  };
}

/** Where the worktrees of gates are: below the git folder, so that Node finds `node_modules` of the main worktree above them. */
export const gateWorktrees = (coordDir: string): string => join(coordDir, 'gates');

async function inOwnWorktree<T>(git: CloneGit, coordDir: string, commit: string, work: (dir: string) => Promise<T>) {
  const folder = gateWorktrees(coordDir);
  await mkdir(folder, { recursive: true });
  const dir = join(folder, `${process.pid}-${randomBytes(4).toString('hex')}`);
  await withWorktreesLock(coordDir, async () => {
    await removeLeft(git, folder);
    await must(git, ['worktree', 'add', '--quiet', '--no-checkout', '--detach', dir, commit]);
  });
  try {
    await must(git, ['reset', '--quiet', '--hard'], dir);
    return await work(dir);
  } finally {
    await withWorktreesLock(coordDir, () => removeWorktree(git, dir));
  }
}

async function must(git: CloneGit, args: readonly string[], dir = git.dir): Promise<void> {
  const { status, stderr } = await git.try(args, { dir });
  if (status !== 0)
    throw new CoordError('unavailable', `the work could not be checked out to be looked at: ${firstWords(stderr)}`);
}

async function removeWorktree(git: CloneGit, dir: string): Promise<void> {
  const { status } = await git.try(['worktree', 'remove', '--force', dir]);
  if (status === 0) return;
  await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  // it is gone: this takes git's entry away
  await git.try(['worktree', 'remove', '--force', '--force', dir]);
}

/** What landings that were killed left there. */
async function removeLeft(git: CloneGit, folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (!isRunning(Number.parseInt(name, 10))) await removeWorktree(git, join(folder, name));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
