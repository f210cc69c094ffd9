import type { ReadinessContext } from '../domain/readiness.ts';
import { stateIn } from './book-view.ts';
import type { Context } from './context.ts';
import { findArchived } from './find-archived.ts';
import { seenOf } from './read-seen.ts';

/** What became of the tasks that one needs, on the board or archived. @throws CoordError `unavailable` */
export async function statesOfNeeds(context: Context, needs: readonly string[]): Promise<ReadinessContext['stateOf']> {
  if (needs.length === 0) return () => undefined;
  const { store } = context;
  const read = await store.read(needs.map((need) => store.layout.board(need)));
  const onBoard = (need: string) => stateIn(seenOf(context, read, need));
  const archived = await findArchived(
    context,
    needs.filter((need) => onBoard(need) === undefined),
  );
  return (need) => onBoard(need) ?? archived.get(need)?.note.task.state;
}
