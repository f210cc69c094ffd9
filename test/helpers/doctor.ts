/** A clone that is fine, the built command line in it, and what `doctor` prints typed into a shell. */
import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type CliAnswer, cliJson } from './cli.ts';
import { git, makeBareRepo, makeClone } from './repo.ts';

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

/** @param folder an empty one, for the remote and a clone each */
export async function makePatient(folder: string, how: 'remote' | 'local' = 'remote'): Promise<Patient> {
  const bare = await makeBareRepo(join(folder, 'remote.git'));
  const dir = await makeClone(bare, join(folder, 'clone'));
  const onPath = join(folder, 'bin');
  await mkdir(onPath);
  await writeFile(join(onPath, 'git-coord'), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`);
  await chmod(join(onPath, 'git-coord'), 0o755);
  const env: Record<string, string | undefined> = { PATH: `${onPath}:${process.env.PATH}` };
  const coord = (...args: string[]) => cliJson(args, { cwd: dir, env });
  const patient: Patient = {
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
  for (const args of [
    ['init', `--${how === 'local' ? 'local' : 'remote'}`, ...(how === 'local' ? [] : ['origin'])],
    ['hooks', 'install'],
  ]) {
    const { status, stdout } = await coord(...args);
    if (status !== 0) throw new Error(`git coord ${args.join(' ')}: ${stdout}`);
  }
  return patient;
}

function read(checks: readonly Check[]) {
  const failing = checks.filter(({ ok }) => !ok).map(({ id }) => id);
  return { failing, check: (id: string) => checks.find((each) => each.id === id) };
}
