import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clone } from '../config/clone.ts';
import { bad, type Finding, good, quoted } from './diagnose.ts';

const mebibyte = 1024 * 1024;
/** A fetch, a worktree or a gc soon takes that much. */
const freeBytesMin = 64 * mebibyte;
const freeFilesMin = 1000;

/** Whether the clone can be written to, and how much room is left there. */
export async function checkDisk({ commonDir, coordDir }: Pick<Clone, 'commonDir' | 'coordDir'>): Promise<Finding> {
  const words = await whyNotWritable(coordDir);
  const { bavail, bsize, files, ffree } = await statfs(commonDir);
  const free = `${Math.floor((bavail * bsize) / mebibyte)} MiB free`;
  const gc = `git --git-dir=${quoted(commonDir)} gc --quiet`;
  if (words !== null) {
    const fix = words === 'ENOSPC' ? gc : `make ${coordDir} writable for whoever runs git coord`;
    return bad('disk', `${coordDir} can't be written to (${words}), ${free}`, fix, 'unavailable');
  }
  if (bavail * bsize < freeBytesMin) return bad('disk', `only ${free}`, gc, null);
  // some file systems don't count files
  if (files > 0 && ffree < freeFilesMin) return bad('disk', `room for only ${ffree} more files`, gc, null);
  return good('disk', free);
}

async function whyNotWritable(coordDir: string): Promise<string | null> {
  const path = join(coordDir, `doctor.${process.pid}.new`);
  try {
    await mkdir(coordDir, { recursive: true });
    await writeFile(path, 'x'.repeat(4096));
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    await rm(path, { force: true }).catch(() => {});
  }
}
