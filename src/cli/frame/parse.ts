import { parseArgs } from 'node:util';
import { durationProblem, parseDuration } from '../../config/durations.ts';
import { nearest } from '../../config/nearest.ts';
import { CoordError } from '../../errors.ts';
import { Parsed, type Value } from './parsed.ts';
import { type CommandSpec, globalOptions, isShortOnly, type OptionSpec, usageLine } from './spec.ts';

export interface GlobalFlags {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly noColor: boolean;
  readonly help: boolean;
  readonly version: boolean;
  readonly agent: string | undefined;
  /** Each `-C`, in order; as with git, each is relative to the one before. */
  readonly directories: readonly string[];
}

export interface CommandLine {
  readonly flags: GlobalFlags;
  /** The command's name as it was typed; undefined when there is none. */
  readonly name: string | undefined;
  /** Everything after the name. */
  readonly after: readonly string[];
}

/**
 * Finds the command among the global options that may stand before it.
 * @throws CoordError `usage`
 */
export function splitCommandLine(argv: readonly string[]): CommandLine {
  const before: string[] = [];
  let index = 0;
  for (; index < argv.length; index++) {
    const word = argv[index] ?? '';
    if (!word.startsWith('-') || word === '-' || word === '--') break;
    before.push(word);
    if (word === '-C' || word === '--agent') before.push(...argv.slice(++index, index + 1));
  }
  const { options } = readOptions(before, globalOptions, 'git coord [options] <command>');
  return { flags: globalFlags(options), name: argv[index], after: argv.slice(index + 1) };
}

/**
 * Reads what follows a command's name. A command's own option goes before a global one of the same name: the `--agent`
 * of `list` is a filter.
 * @throws CoordError `usage`, `bad-id`
 */
export function parseCommand(
  command: CommandSpec,
  after: readonly string[],
  before: GlobalFlags,
): { parsed: Parsed; flags: GlobalFlags } {
  const own = new Set(command.options.map((option) => option.name));
  const known = [...command.options, ...globalOptions.filter((option) => !own.has(option.name))];
  const split = command.passthrough ? after.indexOf('--') : -1;
  const words = split < 0 ? after : after.slice(0, split);
  const rest = split < 0 ? [] : after.slice(split + 1);
  const { options, positionals } = readOptions(words, known, usageLine(command));
  const flags = mergeFlags(before, globalFlags(new Map([...options].filter(([name]) => !own.has(name)))));
  const parsed = new Parsed(command.name, positionals, rest, options);
  if (!flags.help && !flags.version) checkPositionals(command, parsed);
  return { parsed, flags };
}

/** Whether JSON was asked for, however wrong the rest may be. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

/** A wrong call. `usage` is the line that shows the right one. */
export function usageError(message: string, usage: string, hint?: string): CoordError {
  const name = usage.split(' ')[2];
  const about = name === undefined || /^[[<]/.test(name) ? '' : ` ${name}`;
  return new CoordError('usage', message, { hint: hint ?? `usage: ${usage}`, next: [`git coord help${about}`] });
}

function readOptions(words: readonly string[], known: readonly OptionSpec[], usage: string) {
  const byName = new Map(known.map((option) => [option.name, option]));
  const { tokens } = parseArgs({
    args: [...words],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      known.map((option) => [
        option.name,
        {
          type: option.type === 'boolean' ? ('boolean' as const) : ('string' as const),
          ...(option.short !== undefined && { short: option.short }),
        },
      ]),
    ),
  });
  const options = new Map<string, Value>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = byName.get(token.name);
    if (option === undefined || (isShortOnly(option) && token.rawName.startsWith('--')))
      throw unknownOption(token.rawName, known, usage);
    const value = optionValue(option, token, usage);
    const earlier = options.get(option.name);
    options.set(option.name, Array.isArray(value) && Array.isArray(earlier) ? [...earlier, ...value] : value);
  }
  return { options, positionals };
}

function optionValue(
  option: OptionSpec,
  token: { rawName: string; value?: string | undefined; inlineValue?: boolean | undefined },
  usage: string,
): Value {
  const { rawName, value } = token;
  if (option.type === 'boolean') {
    if (value !== undefined) throw usageError(`${rawName} takes no value`, usage);
    return true;
  }
  if (value === undefined || (!token.inlineValue && /^--?[a-z]/i.test(value)))
    throw usageError(`${rawName} needs a value: ${rawName} <${option.value ?? option.type}>`, usage);
  const problem = (text: string) => usageError(`${rawName} ${text}`, usage);
  if (option.words !== undefined)
    for (const word of option.type === 'list' ? splitList(value) : [value])
      if (!option.words.includes(word))
        throw problem(`must be one of ${option.words.join(', ')}, not ${JSON.stringify(word)}`);
  switch (option.type) {
    case 'string':
      return value;
    case 'list':
      return isShortOnly(option) ? [value] : splitList(value);
    case 'integer':
      if (!/^[+-]?\d{1,15}$/.test(value)) throw problem(`must be a whole number, not ${JSON.stringify(value)}`);
      return Number(value);
    case 'number':
      if (!/^[+-]?\d{1,15}(\.\d+)?$/.test(value)) throw problem(`must be a number, not ${JSON.stringify(value)}`);
      return Number(value);
    case 'duration': {
      const ms = parseDuration(value);
      if (ms === null) throw problem(durationProblem(value));
      return ms;
    }
  }
}

const splitList = (value: string): string[] =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

function unknownOption(rawName: string, known: readonly OptionSpec[], usage: string): CoordError {
  const names = known.filter((option) => !isShortOnly(option)).map((option) => option.name);
  const near = rawName.startsWith('--') ? nearest(rawName.slice(2), names) : null;
  return usageError(`no such option: ${rawName}`, usage, near === null ? undefined : `Did you mean --${near}?`);
}

function hintOnExtra({ positionals, options }: CommandSpec): string | undefined {
  const last = positionals.at(-1)?.name;
  if (last === 'text' || last === 'title') return 'Put a text of several words in quotes.';
  const text = options.find(({ value }) => value === 'text');
  return text && `Did you mean --${text.name}?`;
}

function checkPositionals(command: CommandSpec, parsed: Parsed): void {
  const { positionals } = parsed;
  const usage = usageLine(command);
  const missing = command.positionals.find((spec, index) => spec.required && positionals[index] === undefined);
  if (missing !== undefined) throw usageError(`${command.name} needs <${missing.name}>`, usage);
  const last = command.positionals.at(-1);
  const extra = positionals[command.positionals.length];
  if (extra !== undefined && !last?.variadic)
    throw usageError(
      `${command.name} takes no further argument: ${JSON.stringify(extra)}`,
      usage,
      hintOnExtra(command),
    );
  for (const [index, spec] of command.positionals.entries()) {
    const value = positionals[index];
    if (value === undefined || spec.words === undefined || spec.words.includes(value)) continue;
    const near = nearest(value, spec.words);
    throw usageError(
      `${command.name} takes ${spec.words.join(', ')}, not ${JSON.stringify(value)}`,
      usage,
      near === null ? undefined : `Did you mean ${near}?`,
    );
  }
  if (command.passthrough && parsed.rest.length === 0)
    throw usageError(`${command.name} needs a command to run, after --`, usage);
}

function globalFlags(options: ReadonlyMap<string, Value>): GlobalFlags {
  const agent = options.get('agent');
  const directories = options.get('directory');
  return {
    json: options.get('json') === true,
    quiet: options.get('quiet') === true,
    noColor: options.get('no-color') === true,
    help: options.get('help') === true,
    version: options.get('version') === true,
    agent: typeof agent === 'string' ? agent : undefined,
    directories: Array.isArray(directories) ? directories : [],
  };
}

function mergeFlags(before: GlobalFlags, after: GlobalFlags): GlobalFlags {
  return {
    json: before.json || after.json,
    quiet: before.quiet || after.quiet,
    noColor: before.noColor || after.noColor,
    help: before.help || after.help,
    version: before.version || after.version,
    agent: after.agent ?? before.agent,
    directories: [...before.directories, ...after.directories],
  };
}
