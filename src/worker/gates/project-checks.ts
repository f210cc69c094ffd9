import type { Config } from '../../config/config.ts';
import { detect, detectTypes, type ProjectType } from './detect.ts';
import { readFacts } from './facts.ts';
import type { Step, ToolCheck } from './steps.ts';

/** What a gate would run for a project, by what lies in its root; nothing is run. */
export interface ProjectChecks {
  readonly types: readonly ProjectType[];
  /** A command each, of each kind of project: none where there is nothing to run. */
  readonly test: readonly string[];
  readonly build: readonly string[];
  readonly lint: readonly string[];
}

type Quality = Pick<Config['quality'], 'type' | 'testCommand' | 'buildCommand' | 'lintCommand'>;

export async function projectChecks(root: string, quality: Quality): Promise<ProjectChecks> {
  const facts = await readFacts(root);
  const types = quality.type === 'auto_detect' ? detectTypes(facts) : [quality.type];
  const detected = types.map((type) => detect(type, facts));
  const commands = (check: ToolCheck, set: string): string[] => {
    if (set === 'off') return [];
    return set === 'auto_detect' ? detected.flatMap(({ [check]: step }) => commandOf(step)) : [set];
  };
  return {
    types,
    test: commands('tests', quality.testCommand),
    build: commands('build', quality.buildCommand),
    lint: commands('lint', quality.lintCommand),
  };
}

const commandOf = (step: Step): string[] =>
  step.kind === 'none' ? [] : [step.tools.map(({ command, args }) => [command, ...args].join(' ')).join(' or ')];
