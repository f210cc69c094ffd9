/** From nothing to a claimed task: the README's commands, on a clone with a remote, with what `npm pack` makes. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leave, runFirstMinute } from '../helpers/first-minute.ts';

export async function benchFirstMinute(root: string): Promise<{ commands: number; ms: number }> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'coord-bench-')));
  try {
    const taken = await runFirstMinute(root, folder);
    leave(taken);
    const failed = taken.ran.find(({ status }) => status !== 0);
    if (failed !== undefined || taken.ran.length < taken.commands.length) throw new Error(failed?.output ?? 'cut off');
    return { commands: taken.commands.length, ms: taken.ms };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
