import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { HooksReport, InstalledHook } from '../hooks/install.ts';
import type { Answer, Context } from './frame/context.ts';
import type { Parsed } from './frame/parsed.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';

export const run: Run = async (context, parsed) => {
  const server = parsed.text('server');
  return server === undefined ? inClone(context, parsed) : onServer(context, parsed, server);
};

async function onServer({ cwd, env }: Context, parsed: Parsed, server: string): Promise<Answer> {
  const { installServerHooks, uninstallServerHooks, serverHooksStatus } = await import(
    '../hooks/server/install-server.ts'
  );
  const request = { path: resolve(cwd, server), env, node: process.execPath };
  const [action] = parsed.positionals;
  if (action === 'uninstall') return removed(await uninstallServerHooks(request));
  const report = action === 'install' ? await installServerHooks(request) : await serverHooksStatus(request);
  const { installed, place } = report;
  const { prefix, branches } = place;
  const guarded = `guarded: the book below ${prefix}, and the branches ${branches.join(', ') || '(none)'}`;
  return { data: { installed, prefix, branches }, text: `${[...linesOf(installed), oneLine(guarded)].join('\n')}\n` };
}

async function inClone({ cwd, env }: Context, parsed: Parsed): Promise<Answer> {
  const [{ installHooks, uninstallHooks, hooksStatus }, { readSetup }] = await Promise.all([
    import('../hooks/install.ts'),
    import('../app/setup.ts'),
  ]);
  const { clone, config } = await readSetup({ cwd, env });
  const request = { clone, config, env, program: ownProgram() };
  const [action] = parsed.positionals;
  if (action === 'uninstall') return removed((await uninstallHooks(request)).installed);
  const report = action === 'install' ? await installHooks(request) : await hooksStatus(request);
  return { data: { installed: report.installed }, text: reportText(report) };
}

/** How this very command was started. */
export const ownProgram = () => ({ tool: realpathSync(process.argv[1] ?? ''), node: process.execPath });

const removed = ({ length }: readonly InstalledHook[]): Answer => ({
  data: { installed: [] },
  text: length === 0 ? 'no hooks were installed\n' : 'hooks removed\n',
});

function linesOf(installed: readonly InstalledHook[]): string[] {
  const width = Math.max(...installed.map(({ name }) => name.length));
  return installed.map(({ name, path, state }) => `${name.padEnd(width)}  ${state.padEnd(9)}  ${oneLine(path)}`);
}

function reportText({ installed, place }: HooksReport): string {
  const lines = linesOf(installed);
  const tracked = place.kind === 'tree' || place.kind === 'husky';
  const note = tracked ? ['These files are part of the worktree: they show up in git status.'] : [];
  return `${[...lines, ...note].join('\n')}\n`;
}
