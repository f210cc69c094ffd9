import { bookSettings, type Setup } from '../app/setup.ts';
import { resolveTimings } from '../config/timings.ts';
import { bad, type Finding, good } from '../coordinator/diagnose.ts';
import { CoordError } from '../errors.ts';

/** What is odd in a configuration that can be read. */
export function checkConfig(setup: Setup): Finding {
  const { config, loaded } = setup;
  try {
    const daemon = config.coordination.daemon === 'auto';
    resolveTimings(config.coordination, { host: bookSettings(setup)?.host ?? null, daemon });
  } catch (error) {
    if (error instanceof CoordError)
      return bad('config', error.message, 'git config coord.heartbeatInterval auto', 'config');
    throw error;
  }
  if (loaded.warnings.length === 0) return good('config', 'all settings are known');
  return bad('config', loaded.warnings.join('; '), fixOf(loaded.warnings), null);
}

/** A configuration that can't be read: no other check is made then. */
export function configProblem({ message, data }: CoordError): Finding {
  const problems = (data as { problems?: readonly string[] } | undefined)?.problems ?? [message];
  return bad('config', problems.join('; '), fixOf(problems), 'config');
}

/** One command for all that stands where a command can change it; a file is for its author. */
function fixOf(problems: readonly string[]): string {
  const commands = problems.map((problem) => {
    const inGit = /^git config (coord\.[\w.-]+)/.exec(problem)?.[1];
    if (inGit !== undefined) return `git config --unset-all ${inGit}`;
    const variable = /^\$(COORD_\w+)/.exec(problem)?.[1];
    if (variable !== undefined) return `unset ${variable}`;
    return problem.endsWith('git coord init changes it') ? 'git coord init' : null;
  });
  if (commands.every((command) => command !== null)) return [...new Set(commands)].join(' && ');
  return 'correct the file at the line that is named; docs/cli.md says what may stand there';
}
