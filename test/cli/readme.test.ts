import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Block, blocksOf, fits, makeProject, runSteps, stepsOf } from './readme-blocks.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const documents = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);
const read = (document: string): string => readFileSync(join(root, document), 'utf8');
/** A block with a note is run by another test. */
const isCommand = ({ language, note }: Block): boolean => /^(sh|console)$/.test(language) && note === '';
let scratch: string;

/** A user's machine: nothing but a home and the installed tool. */
function machine(name: string): { folder: string; env: NodeJS.ProcessEnv } {
  const folder = join(scratch, name.replaceAll('/', '-'));
  mkdirSync(join(folder, 'home'), { recursive: true });
  const PATH = `${join(scratch, 'prefix/bin')}:${process.env.PATH}`;
  return { folder, env: { PATH, HOME: join(folder, 'home'), USER: 'ada', GIT_CONFIG_NOSYSTEM: '1' } };
}

/** Installs it as the README says. */
beforeAll(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), 'coord-readme-')));
  const npm = {
    npm_config_prefix: join(scratch, 'prefix'),
    npm_config_cache: join(scratch, 'npm'),
    npm_config_offline: 'true',
    npm_config_pack_destination: scratch,
  };
  const { env } = machine('install');
  for (const { command } of installSteps()) {
    const cwd = command === 'npm pack' ? root : scratch;
    execFileSync('sh', ['-c', command], { cwd, env: { ...env, ...npm }, stdio: ['ignore', 'ignore', 'pipe'] });
  }
}, 120_000);
afterAll(() => {
  for (const document of documents) stopDaemonsBelow(machine(document));
  rmSync(scratch, { recursive: true, force: true, maxRetries: 25, retryDelay: 200 });
});

function installSteps() {
  const block = blocksOf(read('README.md')).filter(({ note }) => note === 'checkout')[1];
  return block === undefined ? [] : stepsOf(block);
}

function stopDaemonsBelow({ folder, env }: { folder: string; env: NodeJS.ProcessEnv }): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (existsSync(join(folder, name, '.git')))
      spawnSync('git', ['coord', 'daemon', 'stop'], { cwd: join(folder, name), env });
  }
}

test('what is for a checkout is what npm runs and what the installation above did', () => {
  const commands = documents
    .flatMap((document) => blocksOf(read(document)))
    .filter(({ note }) => note === 'checkout')
    .flatMap((block) => stepsOf(block).map(({ command }) => command));
  const installed = ['npm pack', 'npm install -g ./git-coord-0.1.0.tgz'];
  expect(commands).toEqual(['npm start', 'npm test', ...installed, ...installed]);
  const { scripts, version } = JSON.parse(read('package.json'));
  expect(version).toBe('0.1.0');
  expect(scripts).toMatchObject({ start: 'node scripts/start.mjs', test: 'node scripts/test.mjs' });
  expect(read('scripts/start.mjs')).toContain("'demo'"); // demo.test.ts runs it whole
});

test.each(documents)('the commands of %s do what it says', (document) => {
  const { folder, env } = machine(document);
  const steps = blocksOf(read(document)).filter(isCommand).flatMap(stepsOf);
  if (steps.length === 0) return;
  const ran = runSteps(steps, { cwd: makeProject(folder, env), env });
  expect(ran).toHaveLength(steps.length);
  const wrong = steps.flatMap(({ command, status, output, line }, index) => {
    const { status: got, output: said } = ran[index] ?? { status: -1, output: '' };
    if (got === status && (output === null || fits(said, output))) return [];
    return [
      { place: `${document}:${line}`, command, status: `${got}, not ${status}`, said, output: output?.join('\n') },
    ];
  });
  expect(wrong).toEqual([]);
});

test.each([
  [0, 'docs is mine, term 1\n'],
  [1, 'a text\n'],
  [2, 'agent.status error\ntask.add deploy\ndeploy.done web-1\n'],
  [3, 'write: done\n1 done, 0 failed\n'],
  [4, /^lint skipped no package\.json, .*\n[\s\S]*^security \w+ /m],
  [5, 'draw-the-plan is new, 1 is done\n0\n0\n'],
  [6, 'kept for agent-b\nnot-ready: logo is reserved for agent-b\n'],
])('example %i of the library runs against what was installed', (index, said) => {
  const { folder, env } = machine(`library-${index}`);
  const project = makeProject(folder, env);
  spawnSync('git', ['coord', 'init', '--local'], { cwd: project, env });
  if (index === 3) spawnSync('git', ['coord', 'add', 'Write it', '--id', 'write'], { cwd: project, env });
  const example = blocksOf(read('README.md')).filter(({ language }) => language === 'js')[index];
  const library = join(scratch, 'prefix/lib/node_modules/git-coord');
  const { exports: entry } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'));
  const source = (example?.lines ?? [])
    .join('\n')
    .replace("'git-coord'", `'${pathToFileURL(join(library, entry['.'].default))}'`);
  writeFileSync(join(project, 'example.mjs'), source);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['example.mjs'], {
    cwd: project,
    env,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(said);
  spawnSync('git', ['coord', 'daemon', 'stop'], { cwd: project, env });
});

test('links lead to files that are there', () => {
  for (const document of documents) {
    const targets = [...read(document).matchAll(/\]\(([^)#]+)[^)]*\)/g)].map((match) => match[1] ?? '');
    for (const target of targets.filter((one) => !/^https?:/.test(one)))
      expect(existsSync(join(root, document, '..', target)), `${document}: ${target}`).toBe(true);
  }
});

test('the comparison sees a difference', () => {
  expect(fits('a: done\n', ['a: done'])).toBe(true);
  expect(fits('a: lost\n', ['a: done'])).toBe(false);
  expect(fits('a\nb\nc\n', ['a', '...'])).toBe(true);
  expect(fits('a\nb\n', ['a'])).toBe(false);
  expect(fits('by x (term 1)\n', ['by … (term 1)'])).toBe(true);
});
