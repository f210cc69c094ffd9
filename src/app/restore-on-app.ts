import { kindOf } from '../coordinator/record-kinds.ts';
import { type Restored, restoreTasks } from '../coordinator/restore-tasks.ts';
import type { Task } from '../domain/task.ts';
import { CoordError } from '../errors.ts';
import { recordStore } from '../store/record-store.ts';
import { fetchedTip, taskBranch } from '../worker/branch-tips.ts';
import { carriedWork } from '../worker/carried-work.ts';
import { cloneGit } from '../worker/clone-git.ts';
import { targetName } from '../worker/target-name.ts';
import type { App } from './open-app.ts';
import { openTransport, requestTimeoutMs, storePath } from './setup.ts';

export interface RestoreOptions {
  readonly dryRun?: boolean;
  /** Gets what people should know and nothing fails for. */
  readonly warn: (words: string) => void;
}

const nothing = { restored: [], left: [], refused: [], unreadable: [], book: false, archive: false, queue: null };

/**
 * Puts back what the remote has lost of what this clone has seen there. An embedded book is its own: nothing is kept beside it.
 * @throws CoordError `unavailable` (also: another book is there), `unknown`
 */
export async function restoreOn(app: App, { dryRun = false, warn }: RestoreOptions): Promise<Restored> {
  const { book, clone, env, context, who } = app;
  if (book.remote === null) return { ...nothing, dryRun };
  const [{ openKeptBook }, { gitEnvironment }] = await Promise.all([
    import('../transport/git/kept-book.ts'),
    import('../transport/git-process.ts'),
  ]);
  // by git alone: only it finds out what of a log the server lacks
  const transport = await openTransport(app, book);
  const { objectFormat } = clone;
  const keeps = { store: storePath(clone), objectFormat, env: gitEnvironment(env), timeoutMs: requestTimeoutMs };
  try {
    // without the look at the book's identity: that may be what is gone
    const store = recordStore(transport, context.store.layout, kindOf);
    return await restoreTasks({ ...context, store }, who, {
      book: book.book,
      place: book.remote,
      kept: openKeptBook(keeps, book.prefix),
      carried: (ids) => carriedOn(app, book.remote, ids, warn),
      dryRun,
    });
  } finally {
    app.fresh.wrote(context.clock.bootMs());
    await transport.close();
  }
}

type Reviews = ReadonlyMap<string, NonNullable<Task['review']>>;

async function carriedOn(
  { clone, env, config }: App,
  remote: string | null,
  ids: readonly string[],
  warn: RestoreOptions['warn'],
): Promise<Reviews> {
  if (remote === null || ids.length === 0) return new Map();
  const git = cloneGit(clone.topLevel ?? clone.commonDir, env);
  try {
    const target = `refs/heads/${await targetName(git, remote, undefined)}`;
    const carried = await carriedWork(git, await fetchedTip(git, remote, target, 'restore'));
    return new Map(
      ids.flatMap((id) => {
        const work = carried.get(id);
        return work ? [[id, { branch: taskBranch(config.tasks.branch, id), target, ...work }] as const] : [];
      }),
    );
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    // no branch to land on: nothing has landed
    if (error.code !== 'not-found') warn(`whether their work has landed was not looked for: ${error.message}`);
    return new Map();
  }
}
