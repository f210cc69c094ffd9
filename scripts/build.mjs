// Builds what ships: dist/ (the command line and the library, bundled), dist/types, man/git-coord.1. Nothing is done
// when nothing has changed since the last build.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './setup.mjs';

const dist = join(root, 'dist');
const stampFile = join(dist, '.built');
const manFile = join(root, 'man/git-coord.1');

const stamp = hashOfSources();
const upToDate = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && existsSync(manFile);
if (!upToDate) await build();

async function build() {
  const { build: esbuild } = await import('esbuild');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    define: { COORD_VERSION: JSON.stringify(version) },
    // yaml's entry for Node is CommonJS, which can't be bundled into a module
    alias: { yaml: join(root, 'node_modules/yaml/browser/index.js') },
    logLevel: 'warning',
  };
  const { metafile } = await esbuild({
    ...shared,
    entryPoints: ['src/cli/main.ts', 'src/index.ts'].filter((path) => existsSync(join(root, path))),
    entryNames: '[name]',
    chunkNames: 'chunks/[name]-[hash]',
    outdir: dist,
    splitting: true,
    minify: true,
    // a stack trace shows the line: not all of the bundle
    lineLimit: 160,
    legalComments: 'none',
    metafile: true,
  });
  removeAllBut(new Set(Object.keys(metafile.outputs).map((path) => join(root, path))));
  await writeManPage(esbuild, shared, version);
  declareTypes();
  writeFileSync(stampFile, stamp);
}

/** Takes away what an earlier build left. New files were written first, so that a command that runs meanwhile finds its own. */
function removeAllBut(kept) {
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !kept.has(path)) rmSync(path);
  }
}

async function writeManPage(esbuild, shared, version) {
  const bundle = join(dist, 'man-page.mjs');
  await esbuild({ ...shared, entryPoints: ['src/cli/frame/man-page.ts'], outfile: bundle });
  const { manPage } = await import(pathToFileURL(bundle).href);
  mkdirSync(join(root, 'man'), { recursive: true });
  writeFileSync(manFile, manPage(version));
  rmSync(bundle);
}

/** The library's types; internal files that its types don't reach are left out by nobody asking for them. */
function declareTypes() {
  if (!existsSync(join(root, 'src/index.ts'))) return;
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
  const others = ['package.json', 'package-lock.json', 'scripts/build.mjs'].map((name) => join(root, name));
  for (const file of [...files, ...others]) hash.update(file.slice(root.length)).update(readFileSync(file));
  return hash.digest('hex');
}
