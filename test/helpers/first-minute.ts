/** The README's commands from nothing to a claimed task, as somebody types them who has a clone with a remote and the package. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, realpath } from 'node:fs/promises';
import { delimiter, join, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { blocksOf, makeProject, type Ran, runSteps, stepsOf } from '../cli/readme-blocks.ts';

export interface FirstMinute {
  /** As the README has them. */
  readonly commands: readonly string[];
  readonly ran: readonly Ran[];
  /** From the first to the last, with the installation. */
  readonly ms: number;
  readonly clone: string;
  readonly prefix: string;
  /** Of the machine: an empty home, and nothing of the checkout on the PATH. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Takes what `npm pack` makes wherever a command names the package, and no registry: npm is offline. `leave` ends what was started.
 * @param root the checkout
 * @param folder an empty one, for all that is made
 */
export async function runFirstMinute(root: string, folder: string): Promise<FirstMinute> {
  const commands = await firstCommands(root);
  const tarball = await pack(root, folder);
  const prefix = join(folder, 'prefix');
  for (const home of ['home', 'owner']) await mkdir(join(folder, home));
  const env = {
    HOME: join(folder, 'home'),
    PATH: [join(prefix, 'bin'), ...(await pathWithout(root))].join(delimiter),
    GIT_CONFIG_NOSYSTEM: '1',
    npm_config_prefix: prefix,
    npm_config_offline: 'true',
  };
  const clone = makeProject(folder, { ...env, HOME: join(folder, 'owner') });
  const steps = commands.map((command) => ({ command: command.replace(namedPackage, tarball) }));
  const startedMs = performance.now();
  const ran = runSteps(steps, { cwd: clone, env });
  return { commands, ran, ms: performance.now() - startedMs, clone, prefix, env };
}

export function leave({ clone, env }: Pick<FirstMinute, 'clone' | 'env'>): void {
  spawnSync('git', ['coord', 'daemon', 'stop'], { cwd: clone, env });
}

const namedPackage = /\S*\bgit-coord[\w.-]*\.tgz\b/;

async function firstCommands(root: string): Promise<string[]> {
  const block = blocksOf(await readFile(join(root, 'README.md'), 'utf8')).find(({ note }) => note === 'first-minute');
  const commands = block === undefined ? [] : stepsOf(block).map(({ command }) => command);
  if (!commands.some((command) => namedPackage.test(command)))
    throw new Error('no block `first-minute` of README.md installs the package');
  return commands;
}

async function pack(root: string, folder: string): Promise<string> {
  const env = { ...process.env, npm_config_cache: join(folder, 'npm'), npm_config_offline: 'true' };
  await promisify(execFile)('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root, env });
  const [tarball] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  return join(folder, tarball ?? '');
}

/** The caller's PATH without this checkout, and without a git-coord of another place. */
async function pathWithout(root: string): Promise<string[]> {
  const own = await realpath(root);
  const folders = (process.env.PATH ?? '').split(delimiter).map((folder) => resolve(folder));
  return folders.filter(
    (folder) => !`${folder}${sep}`.startsWith(`${own}${sep}`) && !existsSync(join(folder, 'git-coord')),
  );
}
