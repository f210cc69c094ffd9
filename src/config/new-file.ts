import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BookChoice } from './config.ts';
import { formatDuration } from './durations.ts';
import { configFileName } from './file.ts';
import { fullKey, type Setting, type SettingValue, sections, settings } from './settings.ts';

/** What a setting is for, where its name and value don't say it. */
const words: Readonly<Record<string, string>> = {
  'coordination.mode': 'local | remote; init decides',
  'coordination.prefix': 'where only branches are allowed: refs/heads/coord/',
  'coordination.claim_ttl': '20s; 5m on a host with a push limit; 30m without a daemon',
  'coordination.heartbeat_interval': 'a third of the ttl; an eighth to a third is allowed',
  'coordination.poll_interval': '2s; 30s on a host with a push limit',
  'coordination.daemon': 'or off',
  'coordination.on_lease_lost': 'or continue',
  'coordination.mirror': "or none: live claims aren't shown in the clone",
  'tasks.assignment_strategy': 'skill_based | round_robin | load_balanced | predictive',
  'tasks.timeout': 'of one attempt without a sign of work',
  'agents.max_concurrent_tasks': 'bounds claim --next',
  'agents.specializations': 'what an agent can do that names nothing',
  'land.strategy': 'or merge: how work goes onto a branch that has moved',
  'land.attempts_max': 'how often, when others land all the time',
  'quality.type': 'node | python | go | rust',
  'quality.required': "checks that mustn't be skipped: lint, types, tests, build, security, complexity",
  'quality.timeout': 'of one check',
  'quality.complexity_max': 'of one function, or off',
  'hooks.policy': 'off | warn | require',
  'history.archive_after': 'finished tasks leave the board',
  'history.archive_above': 'when there are more of them',
};

/** Written into the new file as they are, in place of a default behind a #. */
export type ChosenValues = Readonly<Record<string, string>>;

/** Which book it is, for those who clone: what isn't the default, and is no address of this machine. */
export function chosenBook({ mode, remote, prefix }: BookChoice, hasRemote: (name: string) => boolean): ChosenValues {
  if (mode !== 'remote' || remote === undefined || !hasRemote(remote)) return {};
  const below = prefix === undefined || prefix === 'refs/' ? {} : { 'coordination.prefix': prefix };
  return { 'coordination.mode': mode, 'coordination.remote': remote, ...below };
}

/**
 * The text of a new `.coord.yml`: every setting with its default, behind a #.
 * @param found what was detected, by the key of the setting that would say otherwise
 */
export function newConfigText(chosen: ChosenValues, found: Readonly<Record<string, string>>): string {
  const blocks = sections.map((section) => {
    const own = settings.filter((setting) => setting.section === section);
    return `${section}:\n${own.map((setting) => `${lineOf(setting, chosen, found)}\n`).join('')}`;
  });
  return `${heading}\n${blocks.join('\n')}`;
}

const heading = `# How agents work on this project: git coord. Committed, it counts for all who clone it.
# What stands behind a # is the default. git coord config shows all settings, and where each value comes from.
`;

function lineOf(setting: Setting, chosen: ChosenValues, found: Readonly<Record<string, string>>): string {
  const key = fullKey(setting);
  const value = chosen[key];
  const line =
    value === undefined ? `  # ${setting.key}: ${shown(setting.value, setting)}` : `  ${setting.key}: ${value}`;
  const why = found[key] === undefined ? words[key] : `here: ${found[key]?.replace(/\s+/g, ' ')}`;
  return why === undefined ? line : `${line.padEnd(36)} # ${why}`;
}

function shown(value: SettingValue, { kind }: Setting): string {
  if (typeof value === 'number' && kind.kind === 'duration') return formatDuration(value);
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}

/** Never over one that is there. Answers whether it was written. */
export async function writeNewConfig(root: string, text: string): Promise<boolean> {
  try {
    await writeFile(join(root, configFileName), text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
