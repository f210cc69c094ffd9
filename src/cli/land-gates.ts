import type { Config } from '../config/config.ts';
import { cloneGit } from '../worker/clone-git.ts';
import type { CheckResult } from '../worker/gates/checks.ts';
import type { LandingGates } from '../worker/gates/landing-gates.ts';
import { allOff, runChecks } from '../worker/gates/run-gates.ts';
import { checkWords, skippedWords } from '../worker/gates/words.ts';
import type { Context } from './frame/context.ts';
import { stopOnSignal } from './stop-on-signal.ts';

/** Each check is told of as it ends. Null: all are off. */
export function gatesOf(context: Context, quality: Config['quality'], env: NodeJS.ProcessEnv): LandingGates | null {
  if (allOff(quality)) return null;
  const onCheck = (result: CheckResult): void => {
    if (result.status !== 'skipped') context.notice(checkWords(result));
  };
  return {
    whileStoppable: stopOnSignal,
    async run(dir, from, signal) {
      const scope = { base: async () => from, changedOnly: true, committedOnly: true };
      const report = await runChecks({ git: cloneGit(dir, env), env, quality, ...scope, signal, onCheck });
      const skipped = skippedWords(report);
      if (skipped !== null) context.notice(skipped);
      return report;
    },
  };
}
