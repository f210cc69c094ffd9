import { nearest } from '../../config/nearest.ts';
import { CoordError } from '../../errors.ts';
import { commands } from '../commands.ts';
import { type CommandSpec, type Group, globalOptions, type OptionSpec, optionLabel, usageLine } from './spec.ts';
import type { Style } from './style.ts';
import { wrap } from './text.ts';

const groups: readonly Group[] = ['Set-up', 'Tasks', 'Claims', 'Work', 'Seeing', 'Running'];

/** @throws CoordError `usage` naming the nearest command */
export function findCommand(name: string): CommandSpec {
  const command = commands.find((each) => each.name === name);
  if (command !== undefined) return command;
  const names = commands.filter((each) => !each.hidden).map((each) => each.name);
  const near = nearest(name, names);
  throw new CoordError('usage', `no such command: ${name}`, {
    ...(near !== null && { hint: `Did you mean git coord ${near}?` }),
    next: ['git coord help'],
  });
}

/** All commands, by group. */
export function overview(style: Style, columns: number): string {
  const shown = commands.filter((command) => !command.hidden);
  const width = Math.max(...shown.map((command) => command.name.length));
  const parts = groups.map((group) => {
    const lines = shown
      .filter((command) => command.group === group)
      .map((command) => wrap(`  ${command.name.padEnd(width)}  ${command.summary}`, columns, ' '.repeat(width + 4)));
    return `${style.bold(group)}\n${lines.join('\n')}`;
  });
  return `git coord: claims on tasks, as git refs\n\nusage: git coord [options] <command>\n\n${parts.join('\n\n')}\n\n${optionList('Options everywhere', globalOptions, style, columns)}\ngit coord help <command> shows one of them with an example.\n`;
}

export function commandHelp(command: CommandSpec, style: Style, columns: number): string {
  const explanation =
    command.explanation.length > 0 ? `${command.explanation.map((line) => wrap(line, columns)).join('\n')}\n\n` : '';
  const own = optionList('Options', command.options, style, columns);
  return `git coord ${command.name}: ${command.summary}\n\nusage: ${usageLine(command)}\n\n${explanation}${own === '' ? '' : `${own}\n`}${style.bold('Example')}\n  ${command.example}\n\nOptions everywhere (--json, -C <dir>, --agent <id>, …): git coord help\n`;
}

function optionList(title: string, options: readonly OptionSpec[], style: Style, columns: number): string {
  if (options.length === 0) return '';
  const width = Math.max(...options.map((option) => optionLabel(option).length));
  const lines = options.map((option) =>
    wrap(`  ${optionLabel(option).padEnd(width)}  ${option.summary}`, columns, ' '.repeat(width + 4)),
  );
  return `${style.bold(title)}\n${lines.join('\n')}\n`;
}

/** The same for programs. */
export function commandData(command: CommandSpec): unknown {
  const { name, group, summary, positionals, options, example, explanation } = command;
  return { name, group, summary, usage: usageLine(command), positionals, options, example, explanation };
}
