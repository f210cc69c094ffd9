import type { HeldClaim, ReleasedClaim } from './claim.ts';
import type { EventNote } from './event.ts';
import type { TaskNote } from './task.ts';

/** The first lines of the commits: what `git log` tells somebody who has never heard of the tool. */
export function taskSubject({ op, by, task }: Pick<TaskNote, 'op' | 'by' | 'task'>): string {
  const who = `${op}: ${task.id} by ${by}`;
  switch (op) {
    case 'add':
      return `${who}: ${task.title}`;
    case 'claim':
    case 'take-over':
    case 'release':
    case 'repair':
    case 'done':
      return `${who} (term ${task.term})`;
    case 'fail':
    case 'expire':
      return `${who} (term ${task.term}, now ${task.state}): ${task.error?.message ?? ''}`;
    case 'cancel':
      return task.error ? `${who}: ${task.error.message}` : who;
    case 'retry':
    case 'reopen':
    case 'review':
    case 'join':
    case 'assign':
    case 'pause':
    case 'resume':
    case 'edit':
      return `${who} (${task.state})`;
  }
}

export function eventSubject({ type, by, seq, data }: EventNote): string {
  const { from, to, task } = (data ?? {}) as { from?: unknown; to?: unknown; task?: unknown };
  const what =
    type === 'agent.status' || type === 'agent.offline' ? `: ${from} to ${to}${task ? ` (${task})` : ''}` : '';
  return `event: ${type} by ${by} (${seq})${what}`;
}

export function claimSubject(claim: HeldClaim | ReleasedClaim): string {
  if (claim.state === 'released') return `free: ${claim.task} (after term ${claim.term})`;
  const text = claim.progress ? `: ${claim.progress.text}` : '';
  return `hold: ${claim.task} by ${claim.agent} (term ${claim.term}, beat ${claim.beat})${text}`;
}
