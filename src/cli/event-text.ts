import type { ShownEvent } from '../domain/event.ts';
import type { Json } from '../domain/task.ts';
import { changedText } from './changed-text.ts';
import type { Context } from './frame/context.ts';
import { cut, oneLine } from './frame/text.ts';

const dataCharsMax = 200;

const dataText = (data: Json): string => (data === null ? '' : JSON.stringify(data));

/** An event as a line for people: when, what, which task, by whom, and what else it says. */
export function eventLine({ style, terminal }: Pick<Context, 'style' | 'terminal'>, event: ShownEvent): string {
  const { at, type, task, term, by, data } = event;
  const about = task === null ? '' : ` ${task}${term === null || term === 0 ? '' : ` (term ${term})`}`;
  const said = term === null ? dataText(data) : changedText(data as object);
  const line = oneLine(`${about} by ${by}${said === '' ? '' : `  ${said}`}`);
  const shown = cut(line, Math.min(dataCharsMax, Math.max(20, terminal.columns - at.length - type.length - 3)));
  return `${style.dim(oneLine(at))} ${style.cyan(oneLine(type))} ${shown}\n`;
}
