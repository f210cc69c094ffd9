/**
 * A worktree's own identity: the file `coord-identity` in its git folder, with plain lines that a shell hook reads as well
 * as we do. It is bound to the machine and to the folder itself: in a copied clone both names are made anew, because a
 * copy is another claimant.
 */
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isId } from '../domain/ids.ts';
import { CoordError } from '../errors.ts';

export interface WorktreeIdentity {
  readonly agent: string;
  readonly session: string;
}

/** What `start` wrote: whoever works there is that claimant, whatever git's configuration calls the agent. */
export async function givenIdentity(gitDir: string, machine: string): Promise<WorktreeIdentity | null> {
  const lines = await readLines(identityPath(gitDir));
  if (lines.given !== 'yes') return null;
  return readIdentity({ gitDir, machine, agent: null }, await inodeOf(gitDir));
}

export interface IdentityFileRequest {
  /** The git folder of the worktree. */
  readonly gitDir: string;
  readonly machine: string;
  /** Names for a worktree that has none. */
  readonly generate: () => WorktreeIdentity;
  /** What `git config coord.agent` says: kept in the file too, since the shell hook reads nothing else. */
  readonly agent: string | null;
}

/** Longer than any holder needs it: it writes one small file. */
const lockStaleMs = 5000;
const lockWaitMs = 10_000;
const lockRetryMs = 10;

export const identityPath = (gitDir: string): string => join(gitDir, 'coord-identity');

/**
 * The identity of a worktree, made by the first command that asks; commands that ask at once agree.
 * @throws CoordError `unavailable` when it can't be kept
 */
export async function worktreeIdentity(request: IdentityFileRequest): Promise<WorktreeIdentity> {
  const inode = await inodeOf(request.gitDir);
  const current = await readIdentity(request, inode);
  if (current !== null) return current;
  try {
    return await withLock(identityPath(request.gitDir), async () => {
      const made = await readIdentity(request, inode);
      if (made !== null) return made;
      const old = await readIdentity({ ...request, agent: null }, inode);
      const fresh = old ?? request.generate();
      const identity = { agent: request.agent ?? fresh.agent, session: fresh.session };
      await write(request.gitDir, identity, request.machine, inode);
      return identity;
    });
  } catch (error) {
    throw notKept(request.gitDir, error);
  }
}

/** Gives a worktree the identity of another one, as `start` and `run` do. @throws CoordError `unavailable` */
export async function writeWorktreeIdentity(
  gitDir: string,
  machine: string,
  identity: WorktreeIdentity,
): Promise<void> {
  const inode = await inodeOf(gitDir);
  try {
    await withLock(identityPath(gitDir), () => write(gitDir, identity, machine, inode, true));
  } catch (error) {
    throw notKept(gitDir, error);
  }
}

/** Null when there is none, or when it is of another machine or folder, or has another configured agent. */
async function readIdentity(
  request: Omit<IdentityFileRequest, 'generate'>,
  inode: string,
): Promise<WorktreeIdentity | null> {
  const lines = await readLines(identityPath(request.gitDir));
  const { agent, session } = lines;
  if (lines.machine !== request.machine || lines.inode !== inode) return null;
  if (agent === undefined || !isId(agent) || !session) return null;
  const fits = request.agent === null || request.agent === agent || lines.given === 'yes';
  return fits ? { agent, session } : null;
}

/** The `name=value` lines of a small file; none when there is no file. */
export async function readLines(path: string): Promise<Readonly<Record<string, string>>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return {};
    throw error;
  }
  const lines: Record<string, string> = {};
  for (const line of text.slice(0, 4096).split('\n')) {
    const end = line.indexOf('=');
    if (end > 0) lines[line.slice(0, end)] = line.slice(end + 1);
  }
  return lines;
}

async function write(
  gitDir: string,
  identity: WorktreeIdentity,
  machine: string,
  inode: string,
  given = false,
): Promise<void> {
  const path = identityPath(gitDir);
  const temporary = `${path}.new`;
  const text = `agent=${identity.agent}\nsession=${identity.session}\nmachine=${machine}\ninode=${inode}\n${given ? 'given=yes\n' : ''}`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** Runs one action at a time among processes. A lock that its owner left behind is taken over after a while. */
async function withLock<T>(path: string, action: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  const deadline = performance.now() + lockWaitMs;
  for (;;) {
    try {
      await (await open(lock, 'wx')).close();
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || performance.now() > deadline) throw error;
      const age = Date.now() - ((await stat(lock).catch(() => null))?.mtimeMs ?? Date.now());
      if (Math.abs(age) > lockStaleMs) await rm(lock, { force: true });
      else await sleep(lockRetryMs);
    }
  }
  try {
    return await action();
  } finally {
    await rm(lock, { force: true });
  }
}

const inodeOf = async (folder: string): Promise<string> => String((await stat(folder, { bigint: true })).ino);

function notKept(gitDir: string, error: unknown): CoordError {
  const why = error instanceof Error ? error.message : String(error);
  return new CoordError('unavailable', `this worktree's identity can't be kept in ${gitDir}: ${why}`, {
    hint: 'Make the folder writable, or name yourself with $COORD_AGENT and $COORD_SESSION.',
    cause: error,
  });
}
