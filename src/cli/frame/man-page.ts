import { exitCodes } from '../../errors.ts';
import { commands } from '../commands.ts';
import { globalOptions, type OptionSpec, optionLabel, usageLine } from './spec.ts';

/** The manual page, in roff: `git coord --help` is a look-up of it. */
export function manPage(version: string): string {
  const parts = [
    `.TH GIT\\-COORD 1 "" "git\\-coord ${roff(version)}" "Git Manual"`,
    '.SH NAME',
    'git\\-coord \\- claims on tasks, as git refs',
    '.SH SYNOPSIS',
    '.B git coord',
    '[options] <command> [<args>]',
    '.SH DESCRIPTION',
    'Coordinates agents and people who work on one project at the same time. A claim on a task is a ref,',
    'made by compare\\-and\\-swap on the remote that all share, or in the clone itself.',
    '.SH OPTIONS EVERYWHERE',
    ...options(globalOptions),
    '.SH COMMANDS',
  ];
  for (const command of commands.filter((each) => !each.hidden)) {
    parts.push(`.SS ${roff(usageLine(command))}`, text(`${sentence(command.summary)}`));
    if (command.explanation.length > 0) parts.push(...command.explanation.map(text));
    parts.push(
      ...options(command.options),
      '.PP',
      'Example:',
      '.PP',
      '.nf',
      '.RS',
      text(command.example),
      '.RE',
      '.fi',
    );
  }
  parts.push('.SH EXIT STATUS', '.TP', '.B 0', 'done');
  const byStatus = new Map<number, string[]>();
  for (const [code, status] of Object.entries(exitCodes)) byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  for (const [status, codes] of byStatus) parts.push('.TP', `.B ${status}`, text(codes.join(', ')));
  parts.push('.SH SEE ALSO', '.BR git (1),', '.BR git\\-push (1)');
  return `${parts.join('\n')}\n`;
}

function options(list: readonly OptionSpec[]): string[] {
  return list.flatMap((option) => ['.TP', `.B ${roff(optionLabel(option))}`, text(option.summary)]);
}

const sentence = (summary: string): string => `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;

const roff = (words: string): string => words.replace(/\\/g, '\\e').replace(/-/g, '\\-').replace(/"/g, '\\(dq');

/** A line of text: one that began with a dot or a quote would be a request. */
const text = (line: string): string => (/^[.']/.test(line) ? `\\&${roff(line)}` : roff(line));
