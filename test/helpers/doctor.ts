/** A clone that is fine, the built command line in it, and what `doctor` prints typed into a shell. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';
import { placeOf } from '../../src/config/boot.ts';
import { type CliAnswer, cliJson } from './cli.ts';
import { git, makeBareRepo, makeClone, makeScratch, type Scratch } from './repo.ts';

const bin = fileURLToPath(new URL('../../bin/git-coord.cjs', import.meta.url));

interface Check {
  readonly id: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly fix: string | null;
  readonly means: string | null;
  readonly safe: boolean;
}

export interface Diagnosed extends CliAnswer {
  readonly failing: readonly string[];
  check(id: string): Check | undefined;
}

export interface Patient {
  readonly dir: string;
  readonly bare: string;
  /** For what is run here; may be changed. */
  readonly env: Record<string, string | undefined>;
  coord(...args: string[]): Promise<CliAnswer>;
  doctor(...args: string[]): Promise<Diagnosed>;
  /** Types this and then, in the same shell, `git coord doctor`. Answers what is wrong then. */
  type(fix: string | null | undefined): Promise<readonly string[]>;
  git(...args: string[]): Promise<string>;
}

const inBin = (folder: string) => ({ PATH: `${join(folder, 'bin')}:${process.env.PATH}` });

/** @param folder an empty one, for the remote and a clone each */
export async function makePatient(folder: string, how: 'remote' | 'local' = 'remote'): Promise<Patient> {
  await copyBegun(await begun(how), folder);
  const [bare, dir] = [join(folder, 'remote.git'), join(folder, 'clone')];
  const env: Record<string, string | undefined> = inBin(folder);
  const coord = (...args: string[]) => cliJson(args, { cwd: dir, env });
  return {
    dir,
    bare,
    env,
    coord,
    git: (...args) => git(args, { cwd: dir }),
    async doctor(...args) {
      const answer = await coord('doctor', ...args);
      return { ...answer, ...read(answer.data?.checks ?? []) };
    },
    async type(fix) {
      const script = `${fix}\n[ $? = 0 ] || exit 70\ngit coord doctor --json || [ $? -lt 64 ]\n`;
      const options = { cwd: dir, env: { ...process.env, ...env } };
      const { stdout } = await promisify(execFile)('sh', ['-c', script], options);
      return read(JSON.parse(stdout.slice(stdout.lastIndexOf('{"schema"'))).data.checks).failing;
    },
  };
}

const made = new Map<string, Promise<Scratch>>();
afterAll(async () => {
  for (const scratch of made.values()) await (await scratch).remove();
});

/** One that is fine, made once for all tests of a file: `init` asks much of a remote. */
function begun(how: 'remote' | 'local'): Promise<Scratch> {
  const one = made.get(how) ?? begin(how);
  made.set(how, one);
  return one;
}

async function begin(how: 'remote' | 'local'): Promise<Scratch> {
  const scratch = await makeScratch();
  const onPath = join(scratch.dir, 'bin');
  await mkdir(onPath);
  await writeFile(join(onPath, 'git-coord'), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`, { mode: 0o755 });
  const cwd = await makeClone(await makeBareRepo(join(scratch.dir, 'remote.git')), join(scratch.dir, 'clone'));
  for (const args of [how === 'local' ? ['init', '--local'] : ['init', '--remote', 'origin'], ['hooks', 'install']]) {
    const { status, stdout } = await cliJson(args, { cwd, env: inBin(scratch.dir) });
    if (status !== 0) throw new Error(`git coord ${args.join(' ')}: ${stdout}`);
  }
  return scratch;
}

/** What is written down of where it lies is put right: else it would pass for a copy (see own-folder.ts). */
async function copyBegun({ dir: from }: Scratch, to: string): Promise<void> {
  await cp(from, to, { recursive: true });
  const gitFolder = join(to, 'clone/.git');
  const files = (await readdir(gitFolder, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  for (const { parentPath, name } of files.filter(({ parentPath }) => !parentPath.includes('/objects'))) {
    const path = join(parentPath, name);
    const text = await readFile(path, 'latin1');
    const here = text
      .replaceAll(from, to)
      .replaceAll(`place=${placeOf(join(from, 'clone/.git'))}`, `place=${placeOf(gitFolder)}`);
    if (here !== text) await writeFile(path, here, 'latin1');
  }
}

function read(checks: readonly Check[]) {
  const failing = checks.filter(({ ok }) => !ok).map(({ id }) => id);
  return { failing, check: (id: string) => checks.find((each) => each.id === id) };
}
