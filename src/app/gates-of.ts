import type { Config } from '../config/config.ts';
import { cloneGit } from '../worker/clone-git.ts';
import type { CheckName, CheckResult } from '../worker/gates/checks.ts';
import type { LandingGates } from '../worker/gates/landing-gates.ts';
import { allOff, namesOn, runChecks } from '../worker/gates/run-gates.ts';
import { checkWords, type Lasting, lastingWords, skippedWords } from '../worker/gates/words.ts';

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
  let toldSkipped: string | null = null;
  return {
    whileStoppable,
    async run(dir, from, signal) {
      const left = new Map(namesOn(quality).map((name) => [name, notBegun]));
      const onBegin = (name: CheckName, command: string | null): void => {
        const { sinceMs, commands } = left.get(name) ?? notBegun;
        const more = command === null ? [] : [command];
        if (left.has(name)) left.set(name, { sinceMs: sinceMs ?? performance.now(), commands: [...commands, ...more] });
      };
      const onCheck = (result: CheckResult): void => {
        left.delete(result.name);
        if (result.status !== 'skipped') tell(checkWords(result));
      };
      const scope = { base: async () => from, changedOnly: true, committedOnly: true };
      const work = runChecks({ git: cloneGit(dir, env), env, quality, ...scope, signal, onBegin, onCheck });
      const report = await tellingWhatLasts(work, () => lastingWords(lasting(left)), tell);
      const skipped = skippedWords(report);
      // a landing that is tried again says it once
      if (skipped !== null && skipped !== toldSkipped && tellSkipped) tell(skipped);
      toldSkipped = skipped;
      return report;
    },
  };
}

interface Begun {
  readonly sinceMs: number | null;
  readonly commands: readonly string[];
}

const notBegun: Begun = { sinceMs: null, commands: [] };

const lasting = (left: ReadonlyMap<CheckName, Begun>): Lasting[] =>
  [...left].map(([name, { sinceMs, commands }]) => {
    return { name, forMs: sinceMs === null ? null : performance.now() - sinceMs, commands };
  });

const firstWordMs = 2000;

/** Whoever waits hears that something goes on: at first soon, then ever more rarely. */
async function tellingWhatLasts<T>(work: Promise<T>, lasts: () => string, tell: (text: string) => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tellAt = (afterMs: number, stepMs: number): void => {
    timer = setTimeout(() => {
      tell(`still checking: ${lasts()}`);
      tellAt(afterMs * 2, afterMs);
    }, stepMs);
  };
  tellAt(firstWordMs, firstWordMs);
  return work.finally(() => clearTimeout(timer));
}
