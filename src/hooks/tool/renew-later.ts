import { join } from 'node:path';
import { fileFolder } from '../../store/folder.ts';
import type { Claimant } from './claimant.ts';
import type { ToolRequest } from './tool-request.ts';

/** A process of that number is another one by then. */
const ageMsMax = 60_000;

/**
 * Has the lease renewed after the answer, unless an earlier hook's renewal of it is still at work: with a remote that doesn't
 * answer one would be started by each step, and wait for as long as git does.
 */
export function renewLater(
  { later }: Pick<ToolRequest, 'later'>,
  { clone }: Pick<Claimant, 'clone'>,
  as: Pick<Claimant, 'agent' | 'session'>,
  task: string,
): void {
  const folder = fileFolder(join(clone.coordDir, 'said'));
  const name = `renewal.${task}`;
  try {
    const [pid, atMs] = (folder.read(name) ?? '').split(' ').map(Number);
    if (pid && atMs && Math.abs(Date.now() - atMs) < ageMsMax && isThere(pid)) return;
  } catch {
    // what can't be read is none
  }
  const pid = later(as, ['renew', task, '--quiet']);
  try {
    if (pid !== null) folder.write(name, `${pid} ${Date.now()}`);
  } catch {
    // a full disk: one too many is started then
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
