/**
 * One folder in which the command line keeps its compiled code for all tests of a run: with a home for each file, each
 * would compile every command anew, which takes a tenth of a second of two cores.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function makeSharedCache(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'coord-cache-'));
  process.env.COORD_TEST_CACHE = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
