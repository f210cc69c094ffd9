/** What people see while it runs: a table that is redrawn in place on a terminal, and a line for each event elsewhere. */
import type { Context } from '../frame/context.ts';
import { cut, displayWidth } from '../frame/text.ts';
import { claimOf, countDone, type Look } from './look.ts';
import { plan, workerNames } from './plan.ts';

export interface Moment {
  readonly look: Look;
  readonly sinceStartMs: number;
  /** Null: it lives. */
  readonly killed: { readonly worker: string; readonly sinceMs: number } | null;
  /** What is being waited for; empty: nothing special. */
  readonly words: string;
}

export interface Screen {
  show(moment: Moment): void;
  /** A line that stays. */
  say(line: string): void;
  /** Leaves the last table on the screen. */
  end(): void;
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export function openScreen(context: Context): Screen {
  if (context.quiet) return { show: () => {}, say: () => {}, end: () => {} };
  // with --json standard output is for the answer alone
  const say = (line: string) => (context.json ? context.notice(line) : context.write(`${line}\n`));
  return context.terminal.isTty && !context.json ? liveTable(context, say) : plainLines(say);
}

function liveTable(context: Context, say: (line: string) => void): Screen {
  let height = 0;
  const clear = () => (height === 0 ? '' : `\x1b[${height}A\x1b[J`);
  const columns = context.terminal.columns;
  return {
    show: (moment) => {
      const lines = tableLines(context, moment).map((line) =>
        displayWidth(line) > columns ? cut(line, columns) : line,
      );
      context.write(`${clear()}${lines.join('\n')}\n`);
      height = lines.length;
    },
    say: (line) => {
      context.write(clear());
      height = 0;
      say(line);
    },
    end: () => {
      height = 0;
    },
  };
}

function tableLines({ style }: Context, moment: Moment): string[] {
  const { look, killed } = moment;
  const rows = workerNames.map((worker) => {
    const claim = claimOf(look, worker);
    const percent = claim ? `${claim.progress?.percent ?? 0} %` : '';
    const age = claim ? seconds(Date.now() - Date.parse(claim.claimedAt)) : '';
    const row = `  ${worker}  ${(claim?.task ?? '').padEnd(8)}  ${percent.padStart(5)}  ${age.padStart(7)}`;
    if (killed?.worker === worker) return style.red(`${row}  killed ${seconds(killed.sinceMs)} ago`);
    return claim ? row : style.dim(`${row}  waits for a ready task`);
  });
  const done = countDone(look);
  const bar = '#'.repeat(2 * done) + '.'.repeat(2 * (plan.length - done));
  const whole = `  [${style.green(bar)}]  ${done} of ${plan.length} done  ${seconds(moment.sinceStartMs)}`;
  return [
    '',
    style.dim(`  ${'WORKER'.padEnd(8)}  ${'TASK'.padEnd(8)}  ${'DONE'.padStart(5)}  ${'SINCE'.padStart(7)}`),
    ...rows,
    whole,
    `  ${moment.words}`,
  ];
}

/** Says what has changed since the last look. */
function plainLines(say: (line: string) => void): Screen {
  const told = new Map<string, string>();
  let waiting = '';
  let done = 0;
  return {
    show: ({ look, sinceStartMs, words }) => {
      for (const [id, task] of look.tasks) {
        const { state, term } = task;
        const now = `${state} ${term}`;
        if (told.get(id) === now || (state === 'open' && term === 0)) continue;
        told.set(id, now);
        const who = state === 'claimed' ? `${task.holder?.agent} holds ${id} (term ${term})` : `${id} is ${state}`;
        const count = state === 'done' ? `, ${++done} of ${plan.length}` : '';
        say(`${seconds(sinceStartMs).padStart(8)}  ${who}${count}`);
      }
      if (words !== waiting) say(`${seconds(sinceStartMs).padStart(8)}  ${words}`);
      waiting = words;
    },
    say,
    end: () => {},
  };
}
