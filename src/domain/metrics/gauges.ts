import type { AgentStatus } from '../agent.ts';
import type { TaskState } from '../task.ts';
import type { TaskView } from '../view.ts';
import { fullName } from './definitions.ts';
import type { Family } from './exposition.ts';

/** How the book is now. */
export interface BookNow {
  /** False: what follows is what this clone last saw. */
  readonly reachable: boolean;
  /** When the book was asked for it, in milliseconds since the epoch; NaN: never. */
  readonly askedMs: number;
  readonly nowMs: number;
  readonly tasks: readonly TaskView[];
  readonly agents: readonly { readonly status: AgentStatus }[];
  readonly paused: boolean;
  /** Tasks whose record can't be read. */
  readonly unreadable: number;
  readonly version: string;
  /** What the host recommends at most, or allows, for a repository; null: nothing is known. */
  readonly pushesPerMinuteLimit: number | null;
}

const states: readonly TaskState[] = ['open', 'claimed', 'review', 'done', 'failed', 'cancelled'];
const statuses: readonly AgentStatus[] = ['initializing', 'available', 'busy', 'error', 'offline'];

export function gaugeFamilies(now: BookNow): Family[] {
  const { tasks, agents } = now;
  const ready = tasks.filter((task) => task.ready);
  const held = tasks.filter(({ claim }) => claim !== null);
  const oldestMs = ready
    .map(openSinceMs)
    .reduce((oldest, ms) => Math.min(oldest, Number.isNaN(ms) ? oldest : ms), now.nowMs);
  return [
    gauge('build_info', 'The version that serves this; always 1.', 1, { version: now.version }),
    gauge(
      'book_reachable',
      'Whether the book could be asked (1); else all gauges are what was last seen.',
      now.reachable,
    ),
    ...(Number.isNaN(now.askedMs)
      ? []
      : [gauge('book_asked_timestamp_seconds', 'When the book was asked for what this shows.', now.askedMs / 1000)]),
    byLabel(
      'tasks',
      'Tasks on the board, by state.',
      'state',
      states,
      tasks.map(({ state }) => state),
    ),
    gauge('queue_depth', 'Tasks that are ready to be claimed.', ready.length),
    gauge(
      'queue_oldest_age_seconds',
      'How long ago the oldest of the ready tasks was added, or may begin; of one that was claimed before, its last step.',
      (now.nowMs - oldestMs) / 1000,
    ),
    gauge('queue_paused', 'Whether the whole queue is paused (1).', now.paused),
    gauge('tasks_blocked', 'Open tasks that wait for others.', tasks.filter((task) => isBlocked(task)).length),
    gauge(
      'claims_lapsed',
      'Claims that nobody has renewed in time, and that nobody has ended yet.',
      held.filter(({ claim }) => claim?.observed.expired).length,
    ),
    byLabel(
      'agents',
      'Registered agents, by status.',
      'status',
      statuses,
      agents.map(({ status }) => status),
    ),
    gauge('unreadable_records', 'Tasks whose record can not be read.', now.unreadable),
    ...(now.pushesPerMinuteLimit === null
      ? []
      : [
          gauge(
            'pushes_per_minute_limit',
            'Pushes a minute that the host recommends at most, or allows, for a repository, from all clones together.',
            now.pushesPerMinuteLimit,
          ),
        ]),
  ];
}

const isBlocked = ({ state, blockedBy }: TaskView): boolean => state === 'open' && blockedBy.length > 0;

function openSinceMs({ term, createdAt, updatedAt, notBefore }: TaskView): number {
  const sinceMs = Date.parse(term > 0 ? updatedAt : createdAt);
  return notBefore === null ? sinceMs : Math.max(sinceMs, Date.parse(notBefore) || sinceMs);
}

function gauge(name: string, help: string, value: number | boolean, labels: Record<string, string> = {}): Family {
  return { name: fullName({ name }), type: 'gauge', help, samples: [{ labels, value: Number(value) }] };
}

function byLabel(
  name: string,
  help: string,
  label: string,
  values: readonly string[],
  found: readonly string[],
): Family {
  const samples = values.map((value) => ({
    labels: { [label]: value },
    value: found.filter((one) => one === value).length,
  }));
  return { name: fullName({ name }), type: 'gauge', help, samples };
}
