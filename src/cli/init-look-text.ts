import { noKnownType } from '../worker/gates/detect.ts';
import type { ProjectChecks } from '../worker/gates/project-checks.ts';
import { oneLine } from './frame/text.ts';
import type { Checklist, FoundTool } from './init-look.ts';

/** A line of the report: what it is about, and what is said of it. */
export type ReportLine = readonly [about: string, text: string];

export const reportLines = (lines: readonly ReportLine[]): string[] =>
  lines.map(([about, text]) => `${about.padEnd(9)}${oneLine(text)}`.trimEnd());

/** What was found, in lines for people. What isn't there is left out, but for what one would look for. */
export function checklistLines({ project, hooks, tools, others }: Checklist): ReportLine[] {
  if (project === null) return [];
  return [
    ['project', projectText(project)],
    ['hooks', hooksText(hooks)],
    ...tools.map((tool) => ['tools', toolText(tool)] as const),
    ...others.map((other) => ['found', otherText(other)] as const),
  ];
}

function projectText({ types, ...commands }: ProjectChecks): string {
  if (types.length === 0) return `of no known kind: ${noKnownType}`;
  const words = Object.entries(commands).map(([name, all]) =>
    all.length === 0 ? `no ${name}` : `${name}: ${all.join(' and ')}`,
  );
  return `${types.join(', ')}; ${words.join('; ')}`;
}

function hooksText({ state, path, managers }: Checklist['hooks']): string {
  const beside = [...managers.map(({ name }) => name), ...(path === null ? [] : [`core.hooksPath ${path}`])];
  const words =
    state === 'installed' ? 'installed' : `${state === 'missing' ? 'not installed' : state}: git coord hooks install`;
  return beside.length === 0 ? words : `${words} (beside ${beside.join(', ')})`;
}

function toolText({ name, paths, state }: FoundTool): string {
  return `${name} in ${paths.join(', ')}: ${state === 'installed' ? 'set up' : `git coord setup ${name}`}`;
}

function otherText({ name, paths, source, agents }: Checklist['others'][number]): string {
  const active =
    agents === null || agents === 0 ? '' : `, ${agents} ${agents === 1 ? 'agent' : 'agents'} at work by it`;
  const what = `${name} in ${paths.join(', ')}${active}`;
  if (name === 'Redis') return `${what}: not needed for this`;
  if (source === null)
    return `${what}: no tasks in it${name === 'beads' ? '; bd export -o .beads/issues.jsonl writes them' : ''}`;
  return `${what}: git coord import ${source}`;
}
