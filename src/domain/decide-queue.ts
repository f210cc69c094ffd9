import type { QueueNote } from './agent.ts';

/** Pausing and going on: the whole queue when no label is named. What is added later is paused with it. */
export interface QueueChange {
  readonly paused: boolean;
  readonly labels: readonly string[];
}

/** Null: it is so already. */
export function decideQueue(now: QueueNote | null, { paused, labels }: QueueChange): QueueNote | null {
  const before: QueueNote = now ?? { v: 1, kind: 'queue', paused: false, labels: [] };
  if (labels.length === 0) return before.paused === paused ? null : { ...before, paused };
  const others = before.labels.filter((label) => !labels.includes(label));
  const after = paused ? [...before.labels, ...labels.filter((label) => !before.labels.includes(label))] : others;
  return after.length === before.labels.length ? null : { ...before, labels: after };
}

/** What is paused, in words; null: nothing. */
export function pausedText(queue: Pick<QueueNote, 'paused' | 'labels'> | null): string | null {
  if (queue === null) return null;
  const labelled = queue.labels.length > 0 ? `tasks with the label ${queue.labels.join(' or ')}` : null;
  if (queue.paused) return `the whole queue is paused${labelled === null ? '' : `, and ${labelled}`}`;
  return labelled && `${labelled} are paused`;
}
