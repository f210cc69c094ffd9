// Builds what ships: dist/ (the command line, the library and the dashboard's page, bundled), dist/types, man/git-coord.1. Nothing is done
// when nothing has changed since the last build.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleCommandLine, leftOut } from './bundle-command-line.mjs';
import { bundlePage } from './bundle-page.mjs';
import { root } from './setup.mjs';

const dist = join(root, 'dist');
const stampFile = join(dist, '.built');
const manFile = join(root, 'man/git-coord.1');

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // yaml's entry for Node is CommonJS, which can't be bundled into a module
  alias: { yaml: join(root, 'node_modules/yaml/browser/index.js'), ...leftOut },
  logLevel: 'warning',
};
const stamp = hashOfSources();
const upToDate = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && existsSync(manFile);
if (!upToDate) await build();

async function build() {
  const esbuild = await import('esbuild');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const define = { COORD_VERSION: JSON.stringify(version), COORD_BUILD: JSON.stringify(stamp.slice(0, 12)) };
  const outputs = [
    ...(await bundleCommandLine(esbuild, { outdir: dist, define })),
    ...(await bundleLibrary(esbuild, define)),
    ...(await bundlePage(esbuild, join(dist, 'dashboard'))),
  ];
  removeAllBut(new Set(outputs));
  await writeManPage(esbuild, define, version);
  declareTypes();
  writeFileSync(stampFile, stamp);
}

async function bundleLibrary({ build: esbuild }, define) {
  const { metafile } = await esbuild({
    ...shared,
    define,
    entryPoints: ['src/index.ts'],
    entryNames: '[name]',
    chunkNames: 'chunks/[name]-[hash]',
    outdir: dist,
    minify: true,
    lineLimit: 160,
    legalComments: 'none',
    metafile: true,
    splitting: true,
  });
  return Object.keys(metafile.outputs).map((path) => join(root, path));
}

/** Takes away what an earlier build left. New files were written first, so that a command that runs meanwhile finds its own. */
function removeAllBut(kept) {
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !kept.has(path)) rmSync(path);
  }
}

async function writeManPage({ build: esbuild }, define, version) {
  const bundle = join(dist, 'man-page.mjs');
  await esbuild({ ...shared, define, entryPoints: ['src/cli/frame/man-page.ts'], outfile: bundle });
  const { manPage } = await import(pathToFileURL(bundle).href);
  mkdirSync(join(root, 'man'), { recursive: true });
  writeFileSync(manFile, manPage(version));
  rmSync(bundle);
}

/** The library's types; internal files that its types don't reach are left out by nobody asking for them. */
function declareTypes() {
  const args = ['src/index.ts', '--ignoreConfig', '--declaration', '--emitDeclarationOnly', '--outDir', 'dist/types'];
  const options = ['--rootDir', 'src', '--target', 'es2023', '--module', 'nodenext', '--strict', '--skipLibCheck'];
  const more = ['--rewriteRelativeImportExtensions', '--exactOptionalPropertyTypes', '--types', 'node'];
  const tsc = join(root, 'node_modules/.bin/tsc');
  const { status, stdout } = spawnSync(tsc, [...args, ...options, ...more], { cwd: root, encoding: 'utf8' });
  if (status === 0) return;
  process.stderr.write(stdout);
  process.exit(status ?? 1);
}

function hashOfSources() {
  const hash = createHash('sha256').update(process.version);
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const scripts = ['build', 'bundle-command-line', 'bundle-page'].map((name) => `scripts/${name}.mjs`);
  const others = ['package.json', 'package-lock.json', ...scripts].map((name) => join(root, name));
  for (const file of [...files, ...others]) hash.update(file.slice(root.length)).update(readFileSync(file));
  return hash.digest('hex');
}
