import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { completionScript } from '../../src/cli/frame/completion.ts';
import { commandHelp, findCommand } from '../../src/cli/frame/help.ts';
import { parseCommand, splitCommandLine } from '../../src/cli/frame/parse.ts';
import { globalOptions } from '../../src/cli/frame/spec.ts';
import { makeStyle } from '../../src/cli/frame/style.ts';
import type { CoordError } from '../../src/errors.ts';

function parse(...argv: string[]) {
  const line = splitCommandLine(argv);
  return parseCommand(findCommand(line.name ?? ''), line.after, line.flags);
}

function problem(...argv: string[]): string {
  try {
    parse(...argv);
  } catch (error) {
    expect((error as CoordError).code).toBe('usage');
    return (error as CoordError).message;
  }
  throw new Error('it was taken');
}

test('options of every type', () => {
  const { parsed } = parse(
    'add',
    'A title',
    '--priority',
    '-5',
    '--label',
    'a,b',
    '--label=c',
    '--timeout',
    '1h30m',
    '--id=x',
  );
  expect(parsed.positionals).toEqual(['A title']);
  expect(parsed.number('priority')).toBe(-5);
  expect(parsed.list('label')).toEqual(['a', 'b', 'c']);
  expect(parsed.list('needs')).toBeUndefined();
  expect(parsed.number('timeout')).toBe(5_400_000);
  expect(parsed.text('id')).toBe('x');
  expect(parse('edit', 'x', '--label=').parsed.list('label')).toEqual([]);
  expect(parse('claim', '--next').parsed.flag('next')).toBe(true);
});

test('global options stand before the command or after it', () => {
  const { flags } = parse('-C', 'a', '--json', 'list', '-C', 'b', '--quiet', '--no-color');
  expect(flags).toMatchObject({ json: true, quiet: true, noColor: true, directories: ['a', 'b'], agent: undefined });
  expect(parse('claim', 'x', '--agent', 'me').flags.agent).toBe('me');
  expect(parse('--agent', 'me', 'claim', 'x').flags.agent).toBe('me');
});

test('the agent of a list is a filter; who asks stands before the command', () => {
  const { parsed, flags } = parse('--agent', 'me', 'list', '--agent', 'other');
  expect(flags.agent).toBe('me');
  expect(parsed.text('agent')).toBe('other');
});

test('what follows -- is the command to run, or plain words', () => {
  const { parsed } = parse('lock', 'deploy', '--wait', '1m', '--', 'make', '--json', '--', 'x');
  expect(parsed).toMatchObject({ positionals: ['deploy'], rest: ['make', '--json', '--', 'x'] });
  expect(parse('note', 'x', '--', '--not an option').parsed.positionals).toEqual(['x', '--not an option']);
});

test.each([
  [['list', '--jsn'], 'no such option: --jsn'],
  [['list', '-x'], 'no such option: -x'],
  [['list', '--directory', 'x'], 'no such option: --directory'],
  [['list', '--mine=yes'], '--mine takes no value'],
  [['add', 't', '--id'], '--id needs a value: --id <id>'],
  [['add', 't', '--id', '--json'], '--id needs a value: --id <id>'],
  [['add', 't', '--priority', '1.5'], '--priority must be a whole number, not "1.5"'],
  [['add', 't', '--timeout', '30'], '--timeout has no unit: write 30s for seconds or 30m for minutes'],
  [['claim', 'x', '--ttl', 'soon'], '--ttl is no duration: "soon" (write 90s, 25m, 1h30m or 7d)'],
  [
    ['list', '--state', 'open,gone'],
    '--state must be one of open, claimed, review, done, failed, cancelled, not "gone"',
  ],
  [['show'], 'show needs <id>'],
  [['add', 'Fix', 'it'], 'add takes no further argument: "it"'],
  [['daemon', 'sttus'], 'daemon takes run, start, stop, status, not "sttus"'],
  [['lock', 'deploy'], 'lock needs a command to run, after --'],
] as const)('%j is refused', (argv, message) => expect(problem(...argv)).toBe(message));

test('a text where none is taken: the hint names the option for it', () => {
  const hintOf = (...argv: string[]) => {
    try {
      parse(...argv);
    } catch (error) {
      return (error as CoordError).hint;
    }
    throw new Error('it was taken');
  };
  expect(hintOf('fail', 'x', 'the build broke')).toBe('Did you mean --reason?');
  expect(hintOf('edit', 'x', 'Better title')).toBe('Did you mean --title?');
  expect(hintOf('add', 'Fix', 'it')).toBe('Put a text of several words in quotes.');
  expect(hintOf('show', 'x', 'y')).toContain('usage: git coord show');
});

test('every command has help with an example that can be parsed, and loads', async () => {
  for (const command of commands) {
    expect(commandHelp(command, makeStyle(false), Number.POSITIVE_INFINITY)).toContain(command.example);
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${command.example}`], { encoding: 'utf8' })
      .trimEnd()
      .split('\n');
    expect(words.slice(0, 2)).toEqual(['git', 'coord']);
    expect(parse(...words.slice(2)).parsed.command).toBe(command.name);
    expect(typeof (await command.load()).run).toBe('function');
  }
});

test('the table has no two options of one name, and none that a global one hides', () => {
  for (const command of commands) {
    const names = [...command.options].flatMap((option) => [
      option.name,
      ...(option.short ? [`-${option.short}`] : []),
    ]);
    expect(new Set(names).size).toBe(names.length);
    const taken = names.filter((name) =>
      globalOptions.some((option) => option.name === name || `-${option.short}` === name),
    );
    expect(taken.filter((name) => name !== 'agent')).toEqual([]);
  }
});

test.each(['zsh', 'fish'])('%s completion names every command', (shell) => {
  const script = completionScript(shell);
  for (const command of commands)
    expect(script.includes(` ${command.name}`)).toBe(command.hidden !== true || command.name === 'hook');
});
