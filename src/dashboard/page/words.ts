import type { TaskGroup } from '../rows.ts';

/** How things are called on the page. */
export const stateWords: Readonly<Record<string, string>> = {
  claimed: 'in work',
  ready: 'ready',
  blocked: 'blocked',
  waiting: 'waiting',
  review: 'in review',
  failed: 'failed',
  done: 'done',
  cancelled: 'cancelled',
  running: 'running',
} satisfies Record<TaskGroup | 'done' | 'cancelled' | 'running', string>;

export const wordsOf = (state: string): string => stateWords[state] ?? state;

/** `12 s`, `5 min`, `2 h 10 min`, `3 days` */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours < 48) return rest === 0 || hours >= 10 ? `${hours} h` : `${hours} h ${rest} min`;
  return `${Math.round(hours / 24)} days`;
}

export function since(at: string, nowMs: number): string {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? '' : span(nowMs - ms);
}

/** Of a lease, by when it lapses. */
export const leaseWords = (leftMs: number): string => (leftMs <= 0 ? 'lapsed' : `${span(leftMs)} left`);

export function clockTime(at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '' : date.toTimeString().slice(0, 8);
}

export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
