import type { Setup } from '../app/setup.ts';
import { bad, checked, type Finding, good } from '../coordinator/diagnose.ts';
import { hooksStatus, installHooks } from '../hooks/install.ts';
import { ownProgram } from './hooks.ts';

/** The git hooks of the clone, which a team may have decided against (`hooks.policy`). */
export async function checkHooks({ clone, config, env }: Setup): Promise<Finding> {
  if (config.hooks.policy === 'off') return good('hooks', 'off by hooks.policy');
  if (clone.topLevel === null) return good('hooks', 'nobody commits in a clone without a work tree');
  return checked('hooks', async () => {
    const { installed, place } = await hooksStatus({ clone, env });
    const wrong = installed.filter(({ state }) => state !== 'installed');
    if (wrong.length === 0) return good('hooks', 'installed');
    const detail = wrong.map(({ name, state }) => `${name} is ${state}`).join(', ');
    const finding = bad('hooks', detail, 'git coord hooks install', null);
    // files of the work tree are changed by their owner alone
    if (place.kind === 'tree' || place.kind === 'husky') return finding;
    const repair = async () => {
      await installHooks({ clone, config, env, program: ownProgram() });
    };
    return { ...finding, repair };
  });
}
