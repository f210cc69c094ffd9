import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownerGone, ownerIsOther } from '../config/owner.ts';
import { Book } from '../coordinator/book.ts';
import { cursorJournal } from '../store/cursor-journal.ts';
import { openLocalChanges } from './local-changes.ts';
import type { App } from './open-app.ts';

const localPollMs = 250;

/** The book of an opened clone, kept alive by its daemon unless that is off. `pid`: on whose behalf. */
export function openBookOn(app: App, pid: number, onProblem: (words: string) => void): Book {
  const { config, timings, clone } = app;
  return new Book({
    context: app.context,
    who: app.who,
    ttlMs: timings.ttlMs,
    // Looking into the clone itself costs a few milliseconds.
    pollIntervalMs: app.book.mode === 'local' ? Math.min(localPollMs, timings.pollIntervalMs) : timings.pollIntervalMs,
    timeoutMs: config.tasks.timeoutMs,
    retryLimit: config.tasks.retryLimit,
    assignment: { strategy: config.tasks.assignmentStrategy, patienceMs: 2 * timings.pollIntervalMs },
    recent: (ageMsMax) => app.recent(ageMsMax),
    openWatch: () => {
      const changes = openLocalChanges(clone.coordDir);
      const journal = cursorJournal(join(clone.coordDir, 'watch'), app.book.book);
      return { ...changes, journal, shown: async () => (await app.shown()).store };
    },
    ownerIsOther: (owner) => ownerIsOther(owner, pid),
    ownerIsGone: ownerGone,
    keepAlive: config.coordination.daemon === 'off' ? null : (watchMs) => wake(app, watchMs, onProblem),
  });

  async function wake({ env }: App, watchMs: number, problem: (words: string) => void): Promise<void> {
    const { wakeDaemon } = await import('../daemon-link/wake-daemon.ts');
    const words = await wakeDaemon({
      coordDir: clone.coordDir,
      cwd: clone.topLevel ?? clone.commonDir,
      env,
      entry: entryPath(),
      watchMs,
    });
    if (words !== null) problem(words);
  }
}

/** The command line's entry, from wherever the bundler put this piece. */
function entryPath(): string {
  const here = import.meta.url;
  return fileURLToPath(new URL(here.includes('/chunks/') ? '../main.cjs' : './main.cjs', here));
}
