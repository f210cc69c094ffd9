import type { Answer, Context } from './context.ts';
import type { Parsed } from './parsed.ts';

/** `integer` and `number` give a number, `duration` milliseconds, `list` texts (the option may be repeated, values may be joined by commas). */
export type OptionType = 'boolean' | 'string' | 'integer' | 'number' | 'duration' | 'list';

export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  readonly type: OptionType;
  /** What stands for the value in help: `<id>`, without the brackets. */
  readonly value?: string;
  /** The only values that are taken. */
  readonly words?: readonly string[];
  readonly summary: string;
}

export interface PositionalSpec {
  readonly name: string;
  readonly required: boolean;
  /** Takes all that follow; the last one only. */
  readonly variadic?: boolean;
  readonly words?: readonly string[];
}

export type Group = 'Set-up' | 'Tasks' | 'Claims' | 'Work' | 'Seeing' | 'Running';

export type Run = (context: Context, parsed: Parsed) => Promise<Answer>;

export interface CommandSpec {
  readonly name: string;
  readonly group: Group;
  readonly summary: string;
  readonly positionals: readonly PositionalSpec[];
  readonly options: readonly OptionSpec[];
  /** What follows `--` is a command to run. */
  readonly passthrough?: boolean;
  /** Its answer is what it was asked for: printed with `--quiet` too. */
  readonly answers?: boolean;
  readonly example: string;
  readonly explanation: readonly string[];
  /** Called by git and by tools, not by people: not in the overview. */
  readonly hidden?: boolean;
  readonly load: () => Promise<{ readonly run: Run }>;
}

export const globalOptions: readonly OptionSpec[] = [
  { name: 'json', type: 'boolean', summary: 'one JSON document on standard output' },
  { name: 'directory', short: 'C', type: 'list', value: 'dir', summary: 'run as if started in this folder' },
  { name: 'agent', type: 'string', value: 'id', summary: 'act as this agent' },
  { name: 'quiet', type: 'boolean', summary: 'say nothing but answers and errors' },
  { name: 'no-color', type: 'boolean', summary: 'no colour' },
  { name: 'help', short: 'h', type: 'boolean', summary: 'show help' },
  { name: 'version', type: 'boolean', summary: 'show the version' },
];

/** `-C <dir>`: the long name of an option that has none in public is not shown and not taken. */
const shortOnly = new Set(['directory']);

export const isShortOnly = (option: OptionSpec): boolean => shortOnly.has(option.name);

/** `-h, --help`, `-C <dir>`, `--ttl <duration>` */
export function optionLabel(option: OptionSpec): string {
  const names = [
    ...(option.short === undefined ? [] : [`-${option.short}`]),
    ...(isShortOnly(option) ? [] : [`--${option.name}`]),
  ];
  return names.join(', ') + (option.type === 'boolean' ? '' : ` <${option.value ?? option.type}>`);
}

/** `claim [<id>] [options]` */
export function usageLine(command: CommandSpec): string {
  const places = command.positionals.map((positional) => {
    const name = positional.words === undefined ? `<${positional.name}>` : positional.words.join('|');
    const many = positional.variadic ? `${name}...` : name;
    return positional.required ? many : `[${many}]`;
  });
  const options = command.options.length > 0 ? ['[options]'] : [];
  const rest = command.passthrough ? ['-- <command> [<arg>...]'] : [];
  return ['git coord', command.name, ...places, ...options, ...rest].join(' ');
}
