// Bundles the dashboard's page: what a browser gets. Nothing in it comes from another host.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

const page = join(root, 'src/dashboard/page');
const asTheyAre = ['dashboard.html', 'dashboard.svg'];

/** @returns {Promise<string[]>} the files */
export async function bundlePage({ build }, outdir) {
  const { metafile } = await build({
    absWorkingDir: root,
    bundle: true,
    platform: 'browser',
    target: ['chrome111', 'firefox113', 'safari16.4'],
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    entryPoints: [{ in: join(page, 'main.tsx'), out: 'dashboard' }],
    outdir,
    minify: true,
    lineLimit: 160,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  for (const name of asTheyAre) copyFileSync(join(page, name), join(outdir, name));
  return [
    ...Object.keys(metafile.outputs).map((path) => join(root, path)),
    ...asTheyAre.map((name) => join(outdir, name)),
  ];
}
