import { readlinkSync } from 'node:fs';
import { CoordError } from '../errors.ts';
import { processFacts } from './sessions.ts';

/** An owner process: known by its pid, when it started and its pid namespace, since pids are used again (protocol 9). */
export interface Owner {
  readonly pid: number;
  readonly start: string;
  readonly namespace: string;
  /** Another with which the claim lives on: it is gone when both are. */
  readonly or?: Owner | undefined;
}

/** `-` where there are no namespaces. */
export function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '-';
  }
}

/** Null when there is no such process here, or no more. */
export function livingOwner(pid: number): Owner | null {
  if (!Number.isInteger(pid) || pid <= 0 || !isThere(pid)) return null;
  return { pid, start: processFacts(pid)?.start ?? '', namespace: pidNamespace() };
}

/** @throws CoordError `usage` when there is no such process here */
export function ownerProcess(pid: number): Owner {
  const owner = livingOwner(pid);
  if (owner) return owner;
  const named = Number.isNaN(pid) ? 'the owner is no process id' : `there is no process ${pid} here to own the claim`;
  throw new CoordError('usage', named, {
    hint: 'Name a process of this machine that lives as long as the work, as $$ of the shell that does it.',
  });
}

/** Whether an owner has ended. One in another namespace can't be seen from here, and counts as alive. */
export function ownerGone(owner: Owner): boolean {
  if (owner.or && !ownerGone(owner.or)) return false;
  if (owner.namespace !== pidNamespace()) return false;
  if (!isThere(owner.pid)) return true;
  const start = processFacts(owner.pid)?.start;
  return start !== undefined && owner.start !== '' && start !== owner.start;
}

const depthMax = 64;

/** Whether a living owner is neither this process nor one of its ancestors. */
export function ownerIsOther(owner: Owner, pid: number): boolean {
  if (ownerGone(owner)) return false;
  let at = pid;
  for (let depth = 0; depth < depthMax && at > 0; depth++) {
    if (at === owner.pid || at === owner.or?.pid) return false;
    at = processFacts(at)?.parent ?? 0;
  }
  return true;
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has ended and wasn't waited for is gone as far as its work is.
    return processFacts(pid)?.state !== 'Z';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
