import { formatDuration } from '../config/durations.ts';
import type { TaskView } from '../domain/view.ts';
import { type Finding, good } from './diagnose.ts';

/** Less than this is the usual difference between machines. */
const aheadMsMin = 60_000;

/** No claim depends on a clock (protocol 6), so a wrong one is no fault. It is said all the same, for the times that are shown. */
export function checkClock(tasks: readonly Pick<TaskView, 'id' | 'updatedAt'>[], wall: string): Finding {
  const nowMs = Date.parse(wall);
  const ahead = tasks
    .map(({ id, updatedAt }) => ({ id, ms: Date.parse(updatedAt) - nowMs }))
    .filter(({ ms }) => ms > aheadMsMin)
    .sort((a, b) => b.ms - a.ms);
  const [furthest] = ahead;
  if (furthest === undefined) return good('clock', 'no claim depends on it');
  const by = formatDuration(Math.round(furthest.ms / 1000) * 1000);
  const which = `${furthest.id} was last changed ${by} from now: this clock or its writer's is wrong`;
  return good('clock', `${which}; no claim depends on it, only the times that are shown`);
}
