/** Repositories with code in them, for landings and pushes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git, makeBareRepo } from '../helpers/repo.ts';

export interface Place {
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  /** Of a repository in the folder. */
  readonly url: (name: string) => string;
}

/** A bare repository `<name>.git` with a `main`, and a clone of it, whose folder is answered. */
export async function makeCode({ env, folder, url }: Place, name: string): Promise<string> {
  await makeBareRepo(join(folder, `${name}.git`));
  const dir = join(folder, name);
  await git(['init', '--quiet', '--initial-branch=main', dir], { cwd: folder, env });
  await git(['remote', 'add', 'origin', url(`${name}.git`)], { cwd: dir, env });
  await commit(dir, env, 'begin');
  await git(['push', '--quiet', '-u', 'origin', 'main'], { cwd: dir, env });
  // as in a clone
  await git(['remote', 'set-head', 'origin', 'main'], { cwd: dir, env });
  return dir;
}

/** A commit of a new file of this name. */
export async function commit(dir: string, env: NodeJS.ProcessEnv, name: string): Promise<void> {
  mkdirSync(join(dir, 'files'), { recursive: true });
  writeFileSync(join(dir, 'files', name), `the work of ${name}\n`);
  await git(['add', '--all'], { cwd: dir, env });
  await git(['commit', '--quiet', '-m', name], { cwd: dir, env });
}

/** What a landing costs by itself: without the project's checks. */
export async function checksOff(dir: string, env: NodeJS.ProcessEnv): Promise<void> {
  const checks = ['lintCommand', 'typeCheckCommand', 'testCommand', 'buildCommand', 'securityCommand', 'complexityMax'];
  for (const check of checks) await git(['config', `coord.quality.${check}`, 'off'], { cwd: dir, env });
}
