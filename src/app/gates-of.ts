import type { Config } from '../config/config.ts';
import { cloneGit } from '../worker/clone-git.ts';
import type { CheckResult } from '../worker/gates/checks.ts';
import type { LandingGates } from '../worker/gates/landing-gates.ts';
import { allOff, namesOn, runChecks } from '../worker/gates/run-gates.ts';
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
  return {
    whileStoppable,
    async run(dir, from, signal) {
      const left = new Set(namesOn(quality));
      const onCheck = (result: CheckResult): void => {
        left.delete(result.name);
        if (result.status !== 'skipped') tell(checkWords(result));
      };
      const scope = { base: async () => from, changedOnly: true, committedOnly: true };
      const work = runChecks({ git: cloneGit(dir, env), env, quality, ...scope, signal, onCheck });
      const report = await tellingWhatLasts(work, left, tell);
      const skipped = skippedWords(report);
      if (skipped !== null && tellSkipped) tell(skipped);
      return report;
    },
  };
}

const firstWordMs = 2000;

/** Whoever waits hears that something goes on: at first soon, then ever more rarely. */
async function tellingWhatLasts<T>(
  work: Promise<T>,
  left: ReadonlySet<string>,
  tell: (text: string) => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tellAt = (afterMs: number, stepMs: number): void => {
    timer = setTimeout(() => {
      tell(`still checking after ${afterMs / 1000} s: ${[...left].join(', ')}`);
      tellAt(afterMs * 2, afterMs);
    }, stepMs);
  };
  tellAt(firstWordMs, firstWordMs);
  return work.finally(() => clearTimeout(timer));
}
