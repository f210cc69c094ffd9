import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = join(dirname(fileURLToPath(import.meta.url)), '../../src');

interface Import {
  readonly from: string;
  /** A path below src, or a package's name as it is written. */
  readonly to: string;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => name.split(sep).join('/'));

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8');
  const statements =
    /(?:^|[\s;}])(?:import|export)\s(?:[^'";]*?\sfrom\s)?\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|^import\s*'([^']+)'/gm;
  return [...text.matchAll(statements)].map((match) => {
    const target = match[1] ?? match[2] ?? match[3] ?? '';
    return { from: file, to: target.startsWith('.') ? posix.join(posix.dirname(file), target) : target };
  });
}

const imports = files.flatMap(importsOf);
const layerOf = (path: string): string => (path.includes('/') ? (path.split('/')[0] ?? '') : path);
const isOurs = (path: string): boolean => /\.tsx?$/.test(path);
const isAdapter = (path: string): boolean =>
  /^transport\/(memory|local|git)\//.test(path) || /^transport\/(memory|local|git)\.ts$/.test(path);
const shown = ({ from, to }: Import): string => `${from} -> ${to}`;

/** What each layer may import of ours, beside itself and errors.ts. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  transport: [],
  store: ['transport'],
  config: ['domain', 'transport'],
  coordinator: ['domain', 'store', 'transport', 'config'],
  'daemon-link': [],
  // the composition root, the only one to import adapters
  app: ['coordinator', 'domain', 'store', 'transport', 'config', 'daemon-link', 'worker'],
  worker: ['coordinator', 'domain', 'store', 'transport', 'config'],
  hooks: ['coordinator', 'domain', 'store', 'transport', 'config', 'daemon-link', 'worker', 'app'],
  daemon: ['coordinator', 'domain', 'store', 'transport', 'config', 'daemon-link', 'app', 'dashboard'],
  dashboard: ['coordinator', 'domain', 'store', 'transport', 'config', 'app'],
  // it is handed the commands
  mcp: ['domain'],
  // of the daemon only what `daemon run` is, see below; the hooks are installed and called by commands
  cli: [
    'coordinator',
    'domain',
    'store',
    'transport',
    'config',
    'daemon-link',
    'daemon',
    'hooks',
    'mcp',
    'worker',
    'app',
    'dashboard',
  ],
};

test('the test sees imports at all', () => {
  expect(imports.length).toBeGreaterThan(50);
  expect(imports.some(({ from, to }) => from === 'cli/main.ts' && to === 'cli/frame/run.ts')).toBe(true);
  for (const { to } of imports) if (isOurs(to)) expect(files).toContain(to);
});

test.each(Object.entries(allowed))('%s imports only what lies below', (layer, below) => {
  const wrong = imports.filter(
    ({ from, to }) => layerOf(from) === layer && isOurs(to) && ![layer, 'errors.ts', ...below].includes(layerOf(to)),
  );
  expect(wrong.map(shown)).toEqual([]);
});

test('the daemon is run by its command; all others reach it through daemon-link', () => {
  const into = imports.filter(({ from, to }) => layerOf(from) !== 'daemon' && layerOf(to) === 'daemon');
  expect(into.map(shown)).toEqual(['cli/daemon.ts -> daemon/run-daemon.ts']);
  const packages = imports.filter(({ from, to }) => layerOf(from) === 'daemon-link' && !isOurs(to));
  expect(packages.filter(({ to }) => !to.startsWith('node:')).map(shown)).toEqual([]);
});

test('the page runs in a browser: of ours it has what is pure', () => {
  const wrong = imports.filter(
    ({ from, to }) =>
      from.startsWith('dashboard/page/') &&
      !(isOurs(to) ? /^(dashboard\/(page\/|rows\.ts)|domain\/)/.test(to) : /^(preact|uplot)\b|\.css$/.test(to)),
  );
  expect(wrong.map(shown)).toEqual([]);
});

test('every folder has a rule', () => {
  const folders = new Set(files.filter((file) => file.includes('/')).map(layerOf));
  expect([...folders].filter((folder) => allowed[folder] === undefined)).toEqual([]);
});

test('domain does no I/O', () => {
  const wrong = imports.filter(
    ({ from, to }) => layerOf(from) === 'domain' && !isOurs(to) && !/^zod(\/.*)?$|^node:(crypto|buffer|util)$/.test(to),
  );
  expect(wrong.map(shown)).toEqual([]);
});

test('above the transports only their port is known; app.ts alone chooses one', () => {
  const helpers = ['transport/git-process.ts', 'transport/git-config.ts'];
  const wrong = imports.filter(({ from, to }) => {
    if (from.startsWith('transport/') || layerOf(to) !== 'transport' || to === 'transport/port.ts') return false;
    if (isAdapter(to)) return layerOf(from) !== 'app';
    return layerOf(from) === 'coordinator' && !helpers.includes(to);
  });
  expect(wrong.map(shown)).toEqual([]);
});

test('below the surfaces nothing prints, exits, or reads the current folder, home or environment', () => {
  const ambient = /process\.(env|cwd|exit|stdout|stderr|chdir|argv)\b|\bconsole\.|\bhomedir\(/;
  const wrong = files
    .filter((file) => ['domain', 'transport', 'store', 'config', 'coordinator'].includes(layerOf(file)))
    .filter((file) => ambient.test(withoutComments(readFileSync(join(src, file), 'utf8'))));
  expect(wrong).toEqual([]);
});

test('relative imports name the file, and packages that ship are bundled from the few that we know', () => {
  const packages = new Set(
    imports.map(({ to }) => to).filter((to) => !isOurs(to) && !to.startsWith('node:') && !to.endsWith('.css')),
  );
  const known = [
    'zod/mini',
    'yaml',
    'jsonc-parser',
    'hono',
    'hono/streaming',
    '@hono/node-server',
    'preact',
    'preact/hooks',
    'uplot',
    '@babel/parser',
    '@secretlint/core',
    '@secretlint/secretlint-rule-preset-recommend',
    '@modelcontextprotocol/sdk/server/index.js',
    '@modelcontextprotocol/sdk/types.js',
  ];
  expect([...packages].filter((name) => !known.includes(name))).toEqual([]);
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}
