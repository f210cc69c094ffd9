// Bundles a TypeScript file of the tests and gives its exports, for the scripts that run one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './setup.mjs';

export async function runBundled(entry, work) {
  const { build } = await import('esbuild');
  const folder = mkdtempSync(join(tmpdir(), 'coord-bundle-'));
  try {
    const outfile = join(folder, 'run.mjs');
    const options = {
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'warning',
    };
    await build({ ...options, absWorkingDir: root, entryPoints: [entry], outfile });
    process.setSourceMapsEnabled(true);
    await work(await import(pathToFileURL(outfile).href));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
