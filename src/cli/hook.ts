import { readFileSync } from 'node:fs';
import { CoordError } from '../errors.ts';
import type { Run } from './frame/spec.ts';

/** Answers `<task> <term>` for the shell part of commit-msg, which stamps the message with them. */
export const run: Run = async ({ cwd, env, warn }, parsed) => {
  const [hook, ...args] = parsed.positionals;
  if (hook !== 'pre-commit' && hook !== 'commit-msg' && hook !== 'pre-push')
    throw new CoordError('usage', `no such hook: ${hook ?? ''}`, { hint: 'pre-commit, commit-msg or pre-push' });
  const { runHook } = await import('../hooks/run-hook.ts');
  const input = () => readFileSync(0, 'utf8');
  const { task, term } = await runHook({ hook, args, cwd, env, input, warn });
  const text = hook === 'commit-msg' && task !== null && term !== null ? `${task} ${term}\n` : '';
  return { data: { task, term }, text };
};
