import { setTimeout as delay } from 'node:timers/promises';
import { configValues } from '../config/clone.ts';
import { CoordError } from '../errors.ts';
import { parseConfig } from '../transport/git-config.ts';
import { gitEnvironment, runGit } from '../transport/git-process.ts';

export interface ConfigPlace {
  /** The git folder that all worktrees share: never the configuration of one worktree. */
  readonly commonDir: string;
  readonly env: NodeJS.ProcessEnv;
}

const timeoutMs = 20_000;
/** How long another writer's `config.lock` is waited for: git itself doesn't wait at all (trap 15). */
const lockWaitMs = 5_000;
const lockPollMs = 40;

/**
 * Writes these keys into the clone's own configuration, those that differ.
 * @throws CoordError `unavailable` when it can't be written, naming the lock file that stayed
 */
export async function writeBookConfig(place: ConfigPlace, values: Readonly<Record<string, string>>): Promise<void> {
  const { stdout } = await git(place, ['--list', '-z', '--show-scope']);
  const there = configValues(parseConfig(stdout.toString('utf8')));
  for (const [key, value] of Object.entries(values)) {
    const found = there.get(key) ?? [];
    if (found.length !== 1 || found[0] !== value) await writeKey(place, key, value);
  }
}

async function writeKey(place: ConfigPlace, key: string, value: string): Promise<void> {
  const deadlineMs = performance.now() + lockWaitMs;
  for (;;) {
    const { status, stderr } = await git(place, ['--replace-all', key, value]);
    if (status === 0) return;
    if (!/could not lock config file/.test(stderr) || performance.now() > deadlineMs) {
      const words = stderr.trim().replace(/^(error|fatal): /, '');
      throw new CoordError('unavailable', `git config ${key} could not be written: ${words}`, {
        hint: /File exists/.test(stderr)
          ? `If no git runs in this clone, a killed one left ${place.commonDir}/config.lock: delete it.`
          : undefined,
      });
    }
    await delay(lockPollMs * (0.5 + Math.random()));
  }
}

function git({ commonDir, env }: ConfigPlace, args: readonly string[]) {
  return runGit(['config', '--local', ...args], { gitDir: commonDir, env: gitEnvironment(env), timeoutMs });
}
