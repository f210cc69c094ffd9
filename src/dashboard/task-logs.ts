import type { Context } from '../coordinator/context.ts';
import { kinds } from '../coordinator/record-kinds.ts';
import { type Tenure, tenuresOf } from '../domain/stats.ts';

const stepsMax = 200;
const readInOneLook = 150;
const logsMax = 5000;

/** The tenures of tasks, from their logs. A log is read again once its task has moved; of many, some with each look. */
export class TaskLogs {
  #known = new Map<string, { readonly tip: string; readonly tenures: readonly Tenure[] }>();
  #unread = 0;

  /** Logs that were not read yet. */
  get unread(): number {
    return this.#unread;
  }

  /** Of all tasks that were seen, those that have left the board among them. */
  get tenures(): Tenure[] {
    return [...this.#known.values()].flatMap(({ tenures }) => tenures);
  }

  /** `tips`: the newest commits of tasks that somebody has claimed, what is newest first. @throws CoordError `unavailable` */
  async read({ store }: Context, tips: ReadonlyMap<string, string>): Promise<void> {
    const moved = [...tips].filter(([id, tip]) => this.#known.get(id)?.tip !== tip);
    this.#unread = Math.max(0, moved.length - readInOneLook);
    for (const [id, tip] of moved.slice(0, readInOneLook)) {
      const steps = await store.history(kinds.task, tip, stepsMax);
      const notes = steps.flatMap((one) => (one.ok ? [one.note] : [])).reverse();
      this.#known.delete(id);
      this.#known.set(id, { tip, tenures: tenuresOf(notes) });
    }
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= logsMax) break;
      this.#known.delete(oldest);
    }
  }
}
