// What a user installs: the packed tarball alone, unpacked, with nothing else beside it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { git, makeScratch, type Scratch } from '../helpers/repo.ts';

const root = resolve(import.meta.dirname, '../..');
const installedBytesMax = 15 * 1024 * 1024;
let scratch: Scratch;
let project: string;
let installed: string;

beforeAll(async () => {
  scratch = await makeScratch();
  const env = { ...process.env, npm_config_cache: join(scratch.dir, 'npm') };
  execFileSync('npm', ['pack', '--silent', '--offline', '--pack-destination', scratch.dir], {
    cwd: root,
    env,
    stdio: 'pipe',
  });
  const tarball = readdirSync(scratch.dir).find((name) => name.endsWith('.tgz')) ?? '';
  project = join(scratch.dir, 'project');
  installed = join(project, 'node_modules/git-coord');
  mkdirSync(installed, { recursive: true });
  execFileSync('tar', ['-xzf', join(scratch.dir, tarball), '-C', installed, '--strip-components=1']);
  await git(['init', '--quiet', project], { cwd: scratch.dir });
  execFileSync(process.execPath, [join(installed, 'bin/git-coord.cjs'), 'init', '--local'], {
    cwd: project,
    stdio: 'pipe',
  });
  await git(['config', 'coord.daemon', 'off'], { cwd: project });
}, 120_000);

afterAll(() => scratch.remove());

function sizeOf(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

/** Runs a module of the project and gives what it printed as JSON. */
function run(body: string): unknown {
  const file = join(project, `example-${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(file, `import { openBook } from 'git-coord';\n${body}\n`);
  return JSON.parse(execFileSync(process.execPath, [file], { cwd: project, encoding: 'utf8' }));
}

const open = "const book = await openBook({ dir: '.', agent: 'agent-a', session: 's-1' });";
const close = 'await book.close();';

test('needs nothing else, installs nothing and stays small', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  expect(manifest.dependencies ?? {}).toEqual({});
  expect(Object.keys(manifest.scripts)).not.toContain('postinstall');
  expect(sizeOf(installed)).toBeLessThan(installedBytesMax);
  expect(statSync(join(installed, manifest.man[0])).size).toBeGreaterThan(1000);
});

test('claim, renew, progress and done', () => {
  const said = run(`${open}
    const { claim, via } = await book.claim('build-api');
    const { tasks } = await book.renew(['build-api']);
    const half = await book.progress('build-api', 'tests pass', 40);
    const done = await book.done('build-api', { tests: 12 });
    console.log(JSON.stringify({ via, term: claim.term, renewed: tasks.length, percent: half.progress.percent, state: done.state, result: done.result }));
    ${close}`);
  expect(said).toEqual({ via: 'created', term: 1, renewed: 1, percent: 40, state: 'done', result: { tests: 12 } });
});

test('next, release, fail, list and show', () => {
  const said = run(`${open}
    await book.add({ id: 'first', title: 'The first', priority: 5 });
    const { task } = await book.next();
    const open = await book.release(task.id);
    await book.claim('first');
    const failed = await book.fail('first', 'no schema');
    const { tasks } = await book.list({ state: ['open'] });
    const shown = await book.show('first');
    console.log(JSON.stringify({ id: task.id, open: open.state, failed: failed.error, listed: tasks.map((one) => one.id), shown: shown.state }));
    ${close}`);
  expect(said).toEqual({
    id: 'first',
    open: 'open',
    failed: { code: 'failed', message: 'no schema' },
    listed: ['first'],
    shown: 'open',
  });
});

test('land, and a worker of functions', () => {
  const said = run(`import { execFileSync } from 'node:child_process';
    import { createWorker } from 'git-coord';
    ${open}
    const git = (cwd, ...args) => execFileSync('git', args, { cwd, encoding: 'utf8' }).trim();
    await book.claim('by-hand');
    git('.', 'checkout', '-q', '--orphan', 'main');
    git('.', 'commit', '-q', '--allow-empty', '-m', 'Begin');
    git('.', 'checkout', '-q', '-b', 'task/by-hand');
    git('.', 'commit', '-q', '--allow-empty', '-m', 'By hand');
    const { landed } = await book.land('by-hand', { onto: 'main', result: 1 });
    git('.', 'checkout', '-q', 'main');
    await book.add({ id: 'commits', title: 'Commits', type: 'development' });
    await book.add({ id: 'throws', title: 'Throws', type: 'development', retryLimit: 0 });
    await book.add({ id: 'other', title: 'Of another type', type: 'research' });
    const worker = createWorker({ dir: '.', drain: true, handlers: {
      development: async (task, { dir, progress, term }) => {
        if (task.id === 'throws') throw new Error('no luck');
        progress('half-way', 50);
        git(dir, 'commit', '-q', '--allow-empty', '-m', 'By function');
        return { term };
      },
    } });
    const { ended, dead } = await worker.run();
    const states = await Promise.all(['commits', 'throws', 'other'].map((id) => book.show(id)));
    console.log(JSON.stringify({
      landed: landed.ref, ended, dead,
      states: states.map(({ state, result, error }) => [state, result, error?.message]),
      log: git('.', 'log', '--format=%s', '-2', 'main'),
    }));
    ${close}`);
  expect(said).toMatchObject({
    landed: 'refs/heads/main',
    ended: { landed: 1, failed: 1, done: 0 },
    dead: ['throws'],
    states: [
      ['done', { term: 1 }, null],
      ['failed', null, 'no luck'],
      ['open', null, null],
    ],
    log: 'By function\nBy hand',
  });
});

test('losing is an error with the code of the command line', () => {
  const said = run(`${open}
    await book.claim('contested');
    const other = await openBook({ dir: '.', agent: 'agent-b', session: 's-2' });
    const error = await other.claim('contested').catch((problem) => problem);
    console.log(JSON.stringify({ code: error.code, holder: error.data.agent }));
    await other.close();
    ${close}`);
  expect(said).toEqual({ code: 'held', holder: 'agent-a' });
});

test('the types say what the library does, without any other package', () => {
  writeFileSync(
    join(project, 'example.mts'),
    `import { openBook, type TaskView } from 'git-coord';
     const book = await openBook({ dir: '.' });
     const task: TaskView = await book.done('x', { any: ['json'] });
     const state: 'open' | 'claimed' | 'review' | 'done' | 'failed' | 'cancelled' = task.state;
     // @ts-expect-error an id is needed
     await book.claim();
     console.log(state);`,
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
    '--typeRoots',
    join(root, 'node_modules/@types'),
  ];
  execFileSync(process.execPath, [tsc, ...flags, 'example.mts'], { cwd: project, stdio: 'pipe' });
});
