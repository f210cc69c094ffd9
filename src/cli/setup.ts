import { join } from 'node:path';
import { readClone } from '../config/clone.ts';
import { CoordError } from '../errors.ts';
import { type InstalledFile, removeTool, setUpTool, toolStatus } from '../hooks/tool-files/set-up.ts';
import { type ToolName, toolNames } from '../hooks/tool-files/tools.ts';
import { fileFolder } from '../store/folder.ts';
import type { Answer } from './frame/context.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';

export const run: Run = async ({ cwd, env }, parsed) => {
  const tool = toolNames.find((name) => name === parsed.positionals[0]) ?? 'agents-md';
  if (parsed.flag('check') && parsed.flag('remove'))
    throw new CoordError('usage', '--check looks and --remove changes: one of them');
  const { topLevel, gitDir, gitConfig } = await readClone({ cwd, env: env as NodeJS.ProcessEnv });
  if (topLevel === null)
    throw new CoordError('usage', 'there are no files here to set up: this is no worktree', {
      hint: 'Go to a clone of the project with its files.',
    });
  const place = { root: topLevel, before: fileFolder(join(gitDir, 'coord-setup')) };
  if (parsed.flag('remove')) return removed(await removeTool(place, tool), tool);
  if (parsed.flag('check')) return checked(await toolStatus(topLevel, tool), tool);
  const installed = await setUpTool(place, tool);
  const next = gitConfig.has('coord.book') ? 'git coord hooks install' : 'git coord init';
  const trust = tool === 'codex' ? ['Codex asks whether to trust them: /hooks in the project.'] : [];
  const lines = [
    ...linesOf(installed),
    ...trust,
    'Commit these files, so that all have them.',
    '',
    'next',
    `  ${next}`,
  ];
  return { data: { installed }, text: `${lines.join('\n')}\n` };
};

function checked(installed: readonly InstalledFile[], tool: ToolName): Answer {
  const answer = { data: { installed }, text: `${linesOf(installed).join('\n')}\n` };
  if (installed.every(({ state }) => state === 'installed')) return answer;
  const failure = new CoordError('not-ready', `${tool} is not set up as this version does it`, {
    next: [`git coord setup ${tool}`],
  });
  return { ...answer, failure };
}

function removed(files: readonly InstalledFile[], tool: ToolName): Answer {
  const text = files.length === 0 ? `${tool} was not set up\n` : `${linesOf(files, 'removed').join('\n')}\n`;
  return { data: { installed: files }, text };
}

/** `missing`: how that is called which isn't there. */
function linesOf(installed: readonly InstalledFile[], missing = 'missing'): string[] {
  const width = Math.max(0, ...installed.map(({ name }) => name.length));
  const wordOf = (state: string) => (state === 'missing' ? missing : state).padEnd(9);
  return installed.map(({ name, path, state }) => `${name.padEnd(width)}  ${wordOf(state)}  ${oneLine(path)}`);
}
