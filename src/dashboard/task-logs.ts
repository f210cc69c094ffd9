import type { BookView } from '../coordinator/book-view.ts';
import type { Context } from '../coordinator/context.ts';
import { kinds } from '../coordinator/record-kinds.ts';
import { type HistoryStep, type Tenure, tenuresOf } from '../domain/stats.ts';
import type { TaskNote } from '../domain/task.ts';

const stepsMax = 200;
const readInOneLook = 150;
const logsMax = 5000;

interface Log {
  readonly tip: string;
  readonly steps: readonly HistoryStep[];
  readonly tenures: readonly Tenure[];
}

/** The newest commit of a task's log, as the look shows it. */
interface Tip {
  readonly id: string;
  readonly oid: string;
  readonly parent: string | undefined;
  readonly note: TaskNote;
}

/** The tenures of tasks, from their logs. A log is read once, and goes on with what the looks show; of many, some with each look. */
export class TaskLogs {
  readonly #known = new Map<string, Log>();
  #unread = 0;

  /** Logs that were not read yet. */
  get unread(): number {
    return this.#unread;
  }

  /** Of all tasks that were seen, those that have left the board among them. */
  get tenures(): Tenure[] {
    return [...this.#known.values()].flatMap(({ tenures }) => tenures);
  }

  /** @throws CoordError `unavailable` */
  async read({ store }: Context, book: BookView): Promise<void> {
    const unread: Tip[] = [];
    for (const tip of tipsOf(book, store.layout.board)) {
      const known = this.#known.get(tip.id);
      if (known?.tip === tip.oid) continue;
      if (known !== undefined && known.tip === tip.parent) this.#keep(tip, [...known.steps, stepOf(tip.note)]);
      else unread.push(tip);
    }
    unread.sort((a, b) => (a.note.at < b.note.at ? 1 : -1));
    this.#unread = Math.max(0, unread.length - readInOneLook);
    await Promise.all(
      unread.slice(0, readInOneLook).map(async (tip) => {
        const known = this.#known.get(tip.id);
        const { entries, ended } = await store.newer(kinds.task, tip.oid, (oid) => oid === known?.tip, stepsMax);
        const steps = entries.flatMap((one) => (one.ok ? [stepOf(one.note)] : [])).reverse();
        this.#keep(tip, ended === 'known' ? [...(known?.steps ?? []), ...steps] : steps);
      }),
    );
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= logsMax) break;
      this.#known.delete(oldest);
    }
  }

  #keep({ id, oid }: Tip, all: readonly HistoryStep[]): void {
    const steps = all.slice(-stepsMax);
    this.#known.delete(id);
    this.#known.set(id, { tip: oid, steps, tenures: tenuresOf(steps) });
  }
}

/** Of tasks that somebody has claimed. */
function tipsOf({ seen, read }: BookView, refOf: (id: string) => string): Tip[] {
  return [...seen.values()].flatMap(({ id, task }) => {
    if (task.kind !== 'task' || task.note.task.term === 0) return [];
    const decoded = read.records.get(refOf(id))?.decoded;
    return [{ id, oid: task.oid, parent: decoded?.ok ? decoded.parents[0] : undefined, note: task.note }];
  });
}

/** Without what the task carries, which may be much. */
const stepOf = ({ op, at, task: { state, type, holder } }: TaskNote): HistoryStep => ({
  op,
  at,
  task: { state, type, holder },
});
