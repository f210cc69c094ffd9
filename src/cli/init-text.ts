import { oneLine } from './frame/text.ts';
import type { Registration } from './init-agent.ts';
import { configLine, type SharedFile } from './init-config.ts';
import type { HostReport } from './init-host.ts';
import type { Checklist } from './init-look.ts';
import { checklistLines, type ReportLine, reportLines } from './init-look-text.ts';

/** Which book it is, who uses it here, and what its place allows. */
export interface BookReport {
  readonly mode: 'local' | 'remote';
  readonly remote: string | null;
  readonly prefix: string;
  readonly book: string;
  readonly joined: boolean;
  readonly agent: string;
  readonly session: string;
  readonly host: HostReport;
}

export interface InitReport extends BookReport, Registration {
  readonly next: readonly string[];
  readonly config: SharedFile;
  readonly checklist: Checklist;
}

/** Three at most. In a new book the first tasks are those of what was used before; an agent's tool is set up before it claims. */
export function nextCommands(joined: boolean, { others, tools }: Pick<Checklist, 'others' | 'tools'>): string[] {
  const source = others.find((other) => other.source !== null)?.source;
  const fill = source === undefined ? 'git coord add "The first task"' : `git coord import ${source}`;
  const begin = [joined ? 'git coord ready' : fill, 'git coord claim --next'];
  // any tool may read AGENTS.md: it doesn't say which is in use
  const tool = tools.find(({ name, state }) => name !== 'agents-md' && state !== 'installed')?.name;
  return tool === undefined ? [...begin, 'git coord status'] : [`git coord setup ${tool}`, ...begin];
}

export interface InitChanges {
  /** Refs that went from the clone to the remote. */
  readonly moved: number;
  /** The clone used another book before. */
  readonly left: boolean;
  /** It used this very book already. */
  readonly again: boolean;
}

export function initText(report: InitReport, { moved, left, again }: InitChanges): string {
  const place = report.remote === null ? 'in this clone, for all its worktrees' : `on ${oneLine(report.remote)}`;
  const how = again
    ? 'in use already'
    : moved > 0
      ? `moved from this clone (${moved} refs)`
      : report.joined
        ? 'joined; it was there'
        : 'new';
  const lines = [
    `book     ${place}${report.prefix === 'refs/' ? '' : `, below ${report.prefix}`}`,
    `         ${how}`,
    ...(left ? ['         this clone used another book before; its claims there are left to run out'] : []),
    `you      ${report.agent}, session ${report.session}`,
    ...(report.remote === null ? [] : [`remote   ${hostText(report.host)}`]),
    ...reportLines([...checklistLines(report.checklist), ...agentLines(report.agents), configLine(report.config)]),
  ];
  return `${lines.join('\n')}\n\nnext\n${report.next.map((command) => `  ${command}\n`).join('')}`;
}

const agentsShown = 5;

function agentLines(agents: Registration['agents']): ReportLine[] {
  if (agents.length === 0) return [];
  const shown = agents.slice(0, agentsShown).map(({ id, status }) => `${id} (${status})`);
  const more = agents.length > agentsShown ? [`${agents.length - agentsShown} more`] : [];
  return [['agents', [...shown, ...more].join(', ')]];
}

function hostText(host: HostReport): string {
  const limits = [
    ...(host.atomic === false ? ['no atomic pushes: landing is not fenced'] : []),
    ...(host.deletes === false ? ['no deletions: released claims stay as records'] : []),
    ...(host.nonFastForward === false ? ['no replacements: beats are chained'] : []),
    ...(host.protocolV2 === false ? ['no protocol v2: reads list every ref'] : []),
    ...(host.maxPushesPerMinute === null ? [] : [`at most ${host.maxPushesPerMinute} pushes a minute`]),
  ];
  return limits.length === 0 ? 'probed: allows all that is needed' : `probed: ${limits.join('; ')}`;
}
