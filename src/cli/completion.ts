import { completionScript } from './frame/completion.ts';
import type { Run } from './frame/spec.ts';

export const run: Run = async (_context, parsed) => {
  const shell = parsed.positionals[0] ?? '';
  const script = completionScript(shell);
  return { data: { shell, script }, text: script };
};
