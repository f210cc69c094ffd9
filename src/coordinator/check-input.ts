import { joinType } from '../domain/decide-join.ts';
import { limits, type Task, type TaskNote } from '../domain/task.ts';
import { taskNoteSchema } from '../domain/task-schema.ts';
import { CoordError } from '../errors.ts';
import { nestingMax, nestingOf } from '../store/commit-codec.ts';

/** Nothing is written that couldn't be read again: a record is checked as a reader would check it. */

const noteBytesMax = 256 * 1024;
/** Left for what later steps add: a holder, progress, a result, an error. Whoever adds or edits doesn't use it. */
const reserveBytes = 96 * 1024;

/** @throws CoordError `usage` naming the field */
export function checkNote(note: TaskNote, bytes: number): void {
  const parsed = taskNoteSchema().safeParse(note);
  const issue = parsed.success ? undefined : parsed.error.issues[0];
  if (issue) {
    const field = issue.path.filter((part) => part !== 'task').join('.');
    throw new CoordError('usage', `${field}: ${issue.message}`, { hint: boundsOf(String(issue.path[1] ?? '')) });
  }
  const { payload, result } = note.task;
  tooLarge('payload', payload, limits.payloadBytes);
  // a join names all its needs
  if (note.task.type !== joinType) tooLarge('result', result, limits.resultBytes);
  if (nestingOf(JSON.stringify(note)) > nestingMax)
    throw new CoordError('usage', `the task's record would be nested deeper than ${nestingMax}`);
  const bytesMax = note.op === 'add' || note.op === 'edit' ? noteBytesMax - reserveBytes : noteBytesMax;
  if (bytes > bytesMax) {
    throw new CoordError('usage', `the task's record would have ${bytes} bytes; at most ${bytesMax} fit`, {
      hint: 'Keep large texts in files of the repository and name them in the task.',
    });
  }
}

function tooLarge(what: string, value: Task['result'], bytesMax: number): void {
  const bytes = value === null ? 0 : Buffer.byteLength(JSON.stringify(value));
  if (bytes <= bytesMax) return;
  throw new CoordError('usage', `the ${what} has ${bytes} bytes; at most ${bytesMax} fit`, {
    hint: 'Keep large texts in files of the repository and name them in the task.',
  });
}

function boundsOf(field: string): string | undefined {
  switch (field) {
    case 'title':
      return `A title has at most ${limits.titleChars} characters; a description may have ${limits.textChars}.`;
    case 'needs':
      return `At most ${limits.needs} ids.`;
    case 'labels':
    case 'requires':
      return `At most ${limits.labels}, of 200 characters each.`;
    case 'retryLimit':
      return `A whole number from 0 to ${limits.retryLimitMax}.`;
    case 'priority':
      return `A whole number from -${limits.priorityAbs} to ${limits.priorityAbs}.`;
    default:
      return undefined;
  }
}
