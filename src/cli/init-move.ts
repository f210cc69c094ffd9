import { join } from 'node:path';
import { type BookSettings, openTransport, type Setup } from '../app/setup.ts';
import { deleteRefs } from '../coordinator/init-book-leave.ts';
import { withoutPassword } from '../coordinator/init-book-peek.ts';
import {
  bookRefs,
  drainBook,
  journalName,
  type MoveJournal,
  type MoveRequest,
  pushBook,
} from '../coordinator/move-book.ts';
import { CoordError } from '../errors.ts';
import { fileFolder } from '../store/folder.ts';
import { jsonLedger } from '../store/json-ledger.ts';
import type { HostReport } from './init-host.ts';

/** A local book that is left for a remote one. */
export interface Move {
  readonly request: MoveRequest;
  readonly tasks: number;
  /** Refs are carried over; otherwise there is no task, and they only go. */
  carries: boolean;
  close(): Promise<void>;
}

/** Null when no local book is left: there is none, or the book stays where it is. */
export async function openMove(setup: Setup, current: BookSettings | null, target: BookSettings): Promise<Move | null> {
  const { clone } = setup;
  const journal = jsonLedger<MoveJournal>(fileFolder(clone.coordDir));
  const begun = journal.get(journalName);
  const remote = target.remote === null ? null : withoutPassword(target.remote);
  if (begun !== null && begun.remote !== remote)
    throw new CoordError('not-ready', `the book is on its way to ${begun.remote}: a command was cut off`, {
      next: [`git coord init --remote ${begun.remote} --move`],
    });
  // begun and cut off after the switch: the clone names the remote already, and its own refs are still there
  if (remote === null || (current?.mode !== 'local' && begun === null)) return null;
  const fromPrefix = begun?.fromPrefix ?? current?.prefix ?? 'refs/';
  const local: BookSettings = { mode: 'local', book: '', remote: null, host: null, prefix: fromPrefix };
  const [from, to] = await Promise.all([openTransport(setup, local), openTransport(setup, target)]);
  const close = async () => {
    await Promise.all([from.close(), to.close()]);
  };
  try {
    const refs = await bookRefs(from, fromPrefix);
    const tasks = [...refs.keys()].filter((name) => /^(board|archive)\//.test(name)).length;
    const objects = join(clone.commonDir, 'objects');
    const foreign = { objectDirectory: objects, shallowFile: join(clone.commonDir, 'shallow') };
    const request = { from, fromPrefix, to, toPrefix: target.prefix, remote, foreign, journal };
    return { request, tasks, carries: begun !== null, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * @throws CoordError `not-ready` when there are tasks and nobody said that they shall move, and as `pushBook`
 */
export async function refuseOrPush(move: Move, isWanted: boolean, host: HostReport): Promise<void> {
  if (!isWanted && !move.carries) {
    if (move.tasks === 0) return;
    throw new CoordError('not-ready', `the local book has ${move.tasks} tasks, which would stay behind`, {
      hint: 'With --move they go to the remote, with their history and claims.',
      next: [`git coord init --remote ${move.request.remote} --move`],
    });
  }
  if (host.atomic === false)
    throw new CoordError('unavailable', `${move.request.remote} takes no atomic pushes: half of the book could arrive`);
  move.carries = true;
  await pushBook(move.request);
}

/** Run after the clone was switched over. Answers how many refs moved. */
export async function finishMove(move: Move): Promise<number> {
  if (move.carries) return drainBook(move.request);
  const { from, fromPrefix } = move.request;
  await deleteRefs(
    from,
    ['agents/', 'claims/', 'events/', 'coord/'].map((space) => fromPrefix + space),
  );
  return 0;
}
