import type { Config } from '../config/config.ts';
import { cloneGit } from '../worker/clone-git.ts';
import type { CheckResult } from '../worker/gates/checks.ts';
import type { LandingGates } from '../worker/gates/landing-gates.ts';
import { allOff, runChecks } from '../worker/gates/run-gates.ts';
import { checkWords, skippedWords } from '../worker/gates/words.ts';

export interface GatesRequest {
  readonly quality: Config['quality'];
  readonly env: NodeJS.ProcessEnv;
  /** Each check is told of as it ends. */
  readonly tell: (text: string) => void;
  /** Also of what is not checked, and why. */
  readonly tellSkipped: boolean;
  readonly whileStoppable: LandingGates['whileStoppable'];
}

/** The checks of a landing, as this clone's configuration has them. Null: all are off. */
export function gatesOf({ quality, env, tell, tellSkipped, whileStoppable }: GatesRequest): LandingGates | null {
  if (allOff(quality)) return null;
  const onCheck = (result: CheckResult): void => {
    if (result.status !== 'skipped') tell(checkWords(result));
  };
  return {
    whileStoppable,
    async run(dir, from, signal) {
      const scope = { base: async () => from, changedOnly: true, committedOnly: true };
      const report = await runChecks({ git: cloneGit(dir, env), env, quality, ...scope, signal, onCheck });
      const skipped = skippedWords(report);
      if (skipped !== null && tellSkipped) tell(skipped);
      return report;
    },
  };
}
