import { realpathSync } from 'node:fs';
import type { HooksReport } from '../hooks/install.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';

export const run: Run = async ({ cwd, env }, parsed) => {
  const [{ installHooks, uninstallHooks, hooksStatus }, { readSetup }] = await Promise.all([
    import('../hooks/install.ts'),
    import('../app/setup.ts'),
  ]);
  const { clone, config } = await readSetup({ cwd, env });
  const program = { tool: realpathSync(process.argv[1] ?? ''), node: process.execPath };
  const request = { clone, config, env, program };
  const [action] = parsed.positionals;
  if (action === 'uninstall') {
    const { installed } = await uninstallHooks(request);
    return { data: { installed: [] }, text: installed.length === 0 ? 'no hooks were installed\n' : 'hooks removed\n' };
  }
  const report = action === 'install' ? await installHooks(request) : await hooksStatus(request);
  return { data: { installed: report.installed }, text: reportText(report) };
};

function reportText({ installed, place }: HooksReport): string {
  const lines = installed.map(({ name, path, state }) => `${name.padEnd(10)}  ${state.padEnd(9)}  ${oneLine(path)}`);
  const tracked = place.kind === 'tree' || place.kind === 'husky';
  const note = tracked ? ['These files are part of the worktree: they show up in git status.'] : [];
  return `${[...lines, ...note].join('\n')}\n`;
}
