import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** What a scan can't look at is named in the report. */
export type Source = { readonly text: string } | { readonly skipped: string };

export const sourceBytesMax = 1024 * 1024;
const binaryLookBytes = 8000;

/** A changed file's text. What is binary has none. Never throws. */
export async function readSource(root: string, name: string): Promise<Source> {
  let file: Awaited<ReturnType<typeof open>> | undefined;
  try {
    file = await open(join(root, name));
    const { size } = await file.stat();
    if (size > sourceBytesMax) return { skipped: 'larger than 1 MiB' };
    const bytes = await file.readFile();
    // as git decides it
    if (bytes.subarray(0, binaryLookBytes).includes(0)) return { skipped: 'binary' };
    return { text: bytes.toString('utf8') };
  } catch (error) {
    return { skipped: `can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})` };
  } finally {
    await file?.close();
  }
}

const named = 3;

/** `not looked at: a.bin (binary), b.js (larger than 1 MiB) and 4 more`; null: nothing was left out. */
export function leftOut(skipped: readonly { readonly name: string; readonly why: string }[]): string | null {
  if (skipped.length === 0) return null;
  const shown = skipped.slice(0, named).map(({ name, why }) => `${name} (${why})`);
  const more = skipped.length > named ? ` and ${skipped.length - named} more` : '';
  return `not looked at: ${shown.join(', ')}${more}`;
}
