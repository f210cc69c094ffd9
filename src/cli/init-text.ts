import { oneLine } from './frame/text.ts';
import type { HostReport } from './init-host.ts';

export interface InitReport {
  readonly mode: 'local' | 'remote';
  readonly remote: string | null;
  readonly prefix: string;
  readonly book: string;
  readonly joined: boolean;
  readonly agent: string;
  readonly session: string;
  readonly host: HostReport;
  readonly next: readonly string[];
}

export const nextCommands = (joined: boolean): string[] => [
  joined ? 'git coord ready' : 'git coord add "The first task"',
  'git coord claim --next',
  'git coord status',
];

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
  ];
  return `${lines.join('\n')}\n\nnext\n${report.next.map((command) => `  ${command}\n`).join('')}`;
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
