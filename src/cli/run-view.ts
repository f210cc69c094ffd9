/** What people see of a worker: a line for each task in work, redrawn in place on a terminal, and a line for each event elsewhere. */
import type { App } from '../app/open-app.ts';
import { readBook } from '../coordinator/book-view.ts';
import { CoordError } from '../errors.ts';
import type { AttemptEnd, WorkerEvent } from '../worker/run/events.ts';
import type { RunReport } from '../worker/run/run-loop.ts';
import type { Context } from './frame/context.ts';
import { successDocument } from './frame/output.ts';
import { cut, displayWidth, oneLine } from './frame/text.ts';

export interface RunView {
  onEvent(event: WorkerEvent): void;
  /** A line that stays. */
  say(text: string): void;
  end(): void;
}

interface Worker {
  readonly app: App;
  readonly workers: number;
}

export function openRunView(context: Context, worker: Worker): RunView {
  if (context.json) return jsonLines(context);
  if (context.quiet) return { onEvent: () => {}, say: () => {}, end: () => {} };
  return context.terminal.isTty ? liveLines(context, worker) : plainLines(context);
}

/** A stream: one document a line (docs/cli.md, "Everywhere"). */
function jsonLines(context: Context): RunView {
  return {
    onEvent: (event) => context.write(successDocument({ at: new Date().toISOString(), ...event })),
    say: context.notice,
    end: () => {},
  };
}

function plainLines(context: Context): RunView {
  const say = (text: string): void => context.write(`${text}\n`);
  return { onEvent: (event) => eventLines(context, event).forEach(say), say, end: () => {} };
}

function eventLines({ style }: Context, event: WorkerEvent): string[] {
  switch (event.type) {
    case 'started':
      return [
        `${event.task}: started (term ${event.term}): ${oneLine(event.title)}`,
        ...(event.log === null ? [] : [style.dim(`${event.task}: tail -f ${event.log}`)]),
      ];
    case 'progress':
      return [`${event.task}: ${progressText(event)}`];
    case 'step':
      return [style.dim(`${event.task}: ${stepText(event)}`)];
    case 'ended':
      return [`${event.task}: ${endText(event.end)} (${seconds(event.durationMs)})`];
    case 'idle':
      return [style.dim(idleText(event))];
    case 'problem':
      return [style.yellow(`warning: ${oneLine(event.text)}`)];
  }
}

/** Some steps name their task themselves. */
const stepText = ({ task, text }: { task: string; text: string }): string =>
  oneLine(text.startsWith(`${task}: `) ? text.slice(task.length + 2) : text);

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const progressText = ({ text, percent }: { text: string; percent: number | null }): string =>
  [percent === null ? '' : `${percent}%`, oneLine(text)].filter(Boolean).join(' ');

export function endText(end: AttemptEnd): string {
  switch (end.kind) {
    case 'landed':
      return `landed (${end.commit.slice(0, 12)})`;
    case 'review':
      return 'in review';
    case 'done':
      return 'done';
    case 'failed':
      return `failed: ${oneLine(end.reason.split('\n')[0] ?? '')}${end.dead ? '; no tries left' : ''}`;
    case 'lost':
      return `lost: ${oneLine(end.reason)}`;
    case 'released':
      return `given back: ${oneLine(end.reason)}`;
  }
}

export function reportText({ ended, dead, utilization }: RunReport): string {
  const counts = Object.entries(ended)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`);
  const lines = [counts.length === 0 ? 'nothing was done' : counts.join(', ')];
  if (dead.length > 0) lines.push(`no tries left: ${dead.join(', ')} (git coord retry <id>)`);
  if (utilization !== null) lines.push(`utilization ${Math.round(utilization * 100)} %`);
  return `${lines.join('\n')}\n`;
}

interface Line {
  readonly sinceMs: number;
  text: string;
}

const redrawMs = 500;
const countMs = 2000;
const barWidth = 30;

function liveLines(context: Context, { app }: Worker): RunView {
  const { style, terminal } = context;
  const inWork = new Map<string, Line>();
  let height = 0;
  let whole = { finished: 0, total: 0 };
  const clear = (): string => (height === 0 ? '' : `\x1b[${height}A\x1b[J`);
  const draw = (): void => {
    const lines = [...inWork].map(([id, { sinceMs, text }]) => {
      const age = seconds(performance.now() - sinceMs).padStart(9);
      return `${age}  ${style.bold(id)}  ${text}`;
    });
    if (whole.total > 0) lines.push(bar(context, whole));
    context.write(
      `${clear()}${lines.map((line) => (displayWidth(line) > terminal.columns ? cut(line, terminal.columns) : line)).join('\n')}\n`,
    );
    height = lines.length;
  };
  const say = (text: string): void => {
    context.write(`${clear()}${text}\n`);
    height = 0;
    draw();
  };
  const count = async (): Promise<void> => {
    whole = (await countWhole(app)) ?? whole;
  };
  const timers = [setInterval(draw, redrawMs), setInterval(() => void count(), countMs)];
  void count();
  return {
    say,
    onEvent(event) {
      const line = 'task' in event ? inWork.get(event.task) : undefined;
      if (event.type === 'started') inWork.set(event.task, { sinceMs: performance.now(), text: oneLine(event.title) });
      else if (event.type === 'progress' && line) line.text = progressText(event);
      else if (event.type === 'step' && line) line.text = stepText(event);
      else if (event.type === 'ended') {
        inWork.delete(event.task);
        say(eventLines(context, event).join('\n'));
      } else if (event.type === 'problem') say(eventLines(context, event).join('\n'));
    },
    end() {
      for (const timer of timers.splice(0)) clearInterval(timer);
      context.write(clear());
      height = 0;
    },
  };
}

function bar({ style }: Context, { finished, total }: { finished: number; total: number }): string {
  const full = Math.round((barWidth * finished) / total);
  return `  [${style.green('#'.repeat(full))}${'.'.repeat(barWidth - full)}]  ${finished} of ${total} tasks finished`;
}

/** Of all tasks of the book, whoever did them; as the daemon last saw it. Null: not known. */
async function countWhole(app: App): Promise<{ finished: number; total: number } | null> {
  try {
    const reader = app.book.mode === 'local' ? app.context : await app.recent();
    if (reader === null) return null;
    const { tasks } = await readBook(reader, app.who);
    const counted = tasks.filter(({ type, state }) => type !== 'lock' && state !== 'cancelled');
    return { finished: counted.filter(({ state }) => state === 'done').length, total: counted.length };
  } catch (error) {
    if (error instanceof CoordError) return null;
    throw error;
  }
}

function idleText({ left, paused }: Extract<WorkerEvent, { type: 'idle' }>): string {
  const waits = left === 0 ? 'nothing is ready; waits for tasks' : `nothing is ready; ${left} left`;
  return paused === null ? waits : `${waits}; ${oneLine(paused)} (git coord resume)`;
}
