import { type StatsRow, statsOf, type TaskHistory } from '../../../../src/domain/stats.ts';
import type { Task } from '../../../../src/domain/task.ts';

/** A log of tasks that were done before. */
export function figuresOf(done: readonly { agent: string; type: string; ms: number }[]): StatsRow[] {
  return statsOf(
    done.map(({ agent, type, ms }): TaskHistory => {
      const task = { type, state: 'open', holder: null } as unknown as Task;
      const at = (offsetMs: number) => new Date(1e12 + offsetMs).toISOString();
      return [
        { op: 'add', at: at(0), task },
        {
          op: 'claim',
          at: at(0),
          task: { ...task, state: 'claimed', holder: { agent, session: 's', tenure: 't', ttlMs: 1000 } },
        },
        { op: 'done', at: at(ms), task: { ...task, state: 'done' } },
      ];
    }),
  );
}
