import { readFileSync, realpathSync } from 'node:fs';
import { CoordError } from '../errors.ts';
import { isOfTool, toolHookOf } from '../hooks/tool/call.ts';
import type { Answer, Context } from './frame/context.ts';
import type { Run } from './frame/spec.ts';

/** Answers `<task> <term>` for the shell part of commit-msg, which stamps the message with them; a tool in its own JSON. */
export const run: Run = async (context, parsed) => {
  const { cwd, env, warn } = context;
  const [hook, ...args] = parsed.positionals;
  if (hook !== undefined && isOfTool(hook)) return ofTool(context, hook);
  if (hook !== 'pre-commit' && hook !== 'commit-msg' && hook !== 'pre-push')
    throw new CoordError('usage', `no such hook: ${hook ?? ''}`, { hint: 'pre-commit, commit-msg or pre-push' });
  const { runHook } = await import('../hooks/run-hook.ts');
  const { task, term } = await runHook({ hook, args, cwd, env, input: readInput, warn });
  const text = hook === 'commit-msg' && task !== null && term !== null ? `${task} ${term}\n` : '';
  return { data: { task, term }, text };
};

/** One that only another version knows does nothing: an error here would refuse the tool whatever it does. */
async function ofTool({ cwd, env }: Context, name: string): Promise<Answer> {
  const hook = toolHookOf(name);
  if (hook === null) return { data: {}, text: '' };
  const { runToolHook } = await import('../hooks/tool/run-tool-hook.ts');
  const entry = realpathSync(process.argv[1] ?? '');
  return { data: {}, text: await runToolHook({ hook, input: readInput(), cwd, env, entry }) };
}

const readInput = (): string => readFileSync(0, 'utf8');
