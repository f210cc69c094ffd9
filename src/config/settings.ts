/**
 * The table of all settings: one row gives a key's place in `.coord.yml`, its kind, its limits and its default. The other
 * places follow by one rule: the words of the key, without `coordination`, which is understood.
 *
 *   .coord.yml     coordination.claim_ttl     hooks.policy
 *   Config         coordination.claimTtlMs    hooks.policy          (`Ms` on durations)
 *   git config     coord.claimTtl             coord.hooks.policy
 *   environment    COORD_CLAIM_TTL            COORD_HOOKS_POLICY    (lists separated by commas)
 */
export type Kind =
  | { readonly kind: 'word'; readonly words: readonly string[] }
  | { readonly kind: 'duration'; readonly auto: boolean; readonly minMs: number; readonly maxMs: number }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number; readonly off?: boolean }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'list'; readonly words?: readonly string[] }
  | { readonly kind: 'text'; readonly check?: (text: string) => string | null };

export type SettingValue = string | number | boolean | readonly string[];

export interface Setting {
  readonly section: string;
  readonly key: string;
  readonly kind: Kind;
  readonly value: SettingValue;
  /** Says which book is used: taken from `git config` alone. */
  readonly book?: true;
}

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;

const word = (...words: string[]): Kind => ({ kind: 'word', words });
const integer = (min: number, max: number): Kind => ({ kind: 'integer', min, max });
const duration = (minMs: number, maxMs: number): Kind => ({ kind: 'duration', auto: false, minMs, maxMs });
const autoDuration = (minMs: number, maxMs: number): Kind => ({ kind: 'duration', auto: true, minMs, maxMs });
const text = (check?: (value: string) => string | null): Kind => ({ kind: 'text', ...(check && { check }) });
const list: Kind = { kind: 'list' };
const listOf = (...words: readonly string[]): Kind => ({ kind: 'list', words });
const integerOrOff = (min: number, max: number): Kind => ({ kind: 'integer', min, max, off: true });

/** What a gate looks at, in the order of its report. */
export const checkNames = ['lint', 'types', 'tests', 'build', 'security', 'complexity'] as const;
export type CheckName = (typeof checkNames)[number];

/** The setting, in section `quality`, that switches it off. */
export const checkSettings: Readonly<Record<CheckName, string>> = {
  lint: 'lint_command',
  types: 'type_check_command',
  tests: 'test_command',
  build: 'build_command',
  security: 'security_command',
  complexity: 'complexity_max',
};

/** The ttl of a claim, whoever names it (protocol 6). */
export const ttlMsMin = second;
export const ttlMsMax = day;

export const settings: readonly Setting[] = [
  { section: 'coordination', key: 'mode', kind: word('auto', 'local', 'remote'), value: 'auto', book: true },
  { section: 'coordination', key: 'remote', kind: text(remoteProblem), value: 'origin', book: true },
  { section: 'coordination', key: 'prefix', kind: text(prefixProblem), value: 'refs/', book: true },
  { section: 'coordination', key: 'claim_ttl', kind: autoDuration(ttlMsMin, ttlMsMax), value: 'auto' },
  { section: 'coordination', key: 'heartbeat_interval', kind: autoDuration(ttlMsMin / 8, ttlMsMax / 3), value: 'auto' },
  { section: 'coordination', key: 'poll_interval', kind: autoDuration(100, hour), value: 'auto' },
  { section: 'coordination', key: 'daemon', kind: word('auto', 'off'), value: 'auto' },
  { section: 'coordination', key: 'on_lease_lost', kind: word('stop', 'continue'), value: 'stop' },
  { section: 'coordination', key: 'mirror', kind: word('claims', 'none'), value: 'claims' },
  {
    section: 'tasks',
    key: 'assignment_strategy',
    kind: word('priority', 'skill_based', 'round_robin', 'load_balanced', 'predictive'),
    value: 'priority',
  },
  { section: 'tasks', key: 'timeout', kind: duration(second, 30 * day), value: 30 * 60 * second },
  { section: 'tasks', key: 'retry_limit', kind: integer(0, 1000), value: 3 },
  { section: 'tasks', key: 'branch', kind: text(branchProblem), value: 'task/{id}' },
  { section: 'agents', key: 'max_concurrent_tasks', kind: integer(1, 1000), value: 3 },
  { section: 'agents', key: 'specializations', kind: list, value: ['development', 'testing', 'documentation'] },
  { section: 'land', key: 'strategy', kind: word('rebase', 'merge'), value: 'rebase' },
  { section: 'land', key: 'attempts_max', kind: integer(1, 100), value: 5 },
  { section: 'quality', key: 'type', kind: word('auto_detect', 'node', 'python', 'go', 'rust'), value: 'auto_detect' },
  { section: 'quality', key: 'required', kind: listOf(...checkNames), value: [] },
  { section: 'quality', key: 'timeout', kind: duration(second, day), value: 600 * second },
  { section: 'quality', key: 'lint_command', kind: text(commandProblem), value: 'auto_detect' },
  { section: 'quality', key: 'type_check_command', kind: text(commandProblem), value: 'auto_detect' },
  { section: 'quality', key: 'test_command', kind: text(commandProblem), value: 'auto_detect' },
  { section: 'quality', key: 'build_command', kind: text(commandProblem), value: 'auto_detect' },
  { section: 'quality', key: 'security_command', kind: text(commandProblem), value: 'auto_detect' },
  { section: 'quality', key: 'complexity_max', kind: integerOrOff(1, 1000), value: 15 },
  { section: 'hooks', key: 'policy', kind: word('off', 'warn', 'require'), value: 'require' },
  { section: 'history', key: 'archive_after', kind: duration(hour, 3650 * day), value: 7 * day },
  { section: 'history', key: 'archive_above', kind: integer(0, 100_000), value: 500 },
  { section: 'monitoring', key: 'metrics_enabled', kind: { kind: 'boolean' }, value: true },
  { section: 'monitoring', key: 'log_level', kind: word('debug', 'info', 'warn', 'error'), value: 'info' },
  { section: 'monitoring', key: 'log_format', kind: word('text', 'json'), value: 'text' },
  { section: 'monitoring', key: 'dashboard', kind: word('off', 'daemon'), value: 'off' },
  { section: 'monitoring', key: 'dashboard_port', kind: integer(1, 65_535), value: 8080 },
];

export const sections: readonly string[] = [...new Set(settings.map((setting) => setting.section))];

/** `coordination.claim_ttl` */
export const fullKey = (setting: Setting): string => `${setting.section}.${setting.key}`;

export const camelCase = (key: string): string => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** `coord.claimTtl`, `coord.hooks.policy` */
export function gitKey(setting: Setting): string {
  const section = setting.section === 'coordination' ? '' : `${setting.section}.`;
  return `coord.${section}${camelCase(setting.key)}`;
}

/** `COORD_CLAIM_TTL`, `COORD_HOOKS_POLICY` */
export function environmentKey(setting: Setting): string {
  const section = setting.section === 'coordination' ? '' : `${setting.section}_`;
  return `COORD_${section}${setting.key}`.toUpperCase();
}

/** In quotes `{files}` would be one word, or the parameters of another shell, and the check might look at nothing. */
function commandProblem(command: string): string | null {
  let quote = '';
  for (let at = 0; at < command.length; at++) {
    const char = command[at] ?? '';
    if (command.startsWith('{files}', at) && quote !== '') return 'must have {files} outside quotes';
    if (char === '\\' && quote !== "'") at++;
    else if (char === quote) quote = '';
    else if (quote === '' && (char === "'" || char === '"')) quote = char;
  }
  return null;
}

function remoteProblem(name: string): string | null {
  if (name === '' || name.startsWith('-') || /[\s\x00-\x1f\x7f]/.test(name))
    return 'must be the name or address of a remote';
  return null;
}

function prefixProblem(prefix: string): string | null {
  if (!/^refs\/([A-Za-z0-9_][A-Za-z0-9._-]*\/)*$/.test(prefix) || /\.\.|\.lock\/|\.\//.test(prefix))
    return 'must begin with "refs/" and end with "/", as refs/heads/coord/';
  return null;
}

function branchProblem(branch: string): string | null {
  if (branch.split('{id}').length !== 2) return 'must contain {id} once';
  if (!/^[A-Za-z0-9_][A-Za-z0-9._/-]*$/.test(branch.replace('{id}', 'id')) || /\.\.|\/\/|\/$|\.lock$|\/\./.test(branch))
    return 'is no name of a branch';
  return null;
}
