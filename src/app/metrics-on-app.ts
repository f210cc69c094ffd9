import { readMetrics } from '../coordinator/read-metrics.ts';
import { daemonVersion } from '../daemon-link/version.ts';
import { CoordError } from '../errors.ts';
import { fileFolder } from '../store/folder.ts';
import { commandTotals } from './command-totals.ts';
import type { App } from './open-app.ts';

/** For whoever serves them: who asks while a look is under way gets its answer, as the first of a large book takes its time. */
export function metricsReader(app: App): () => Promise<string> {
  let underWay: Promise<string> | undefined;
  return () => {
    underWay ??= metricsOf(app).finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

/**
 * What `/metrics` answers, for a clone. What the daemon saw in its last look will do; with the remote away it is what this clone
 * last saw, and says so.
 * @throws CoordError `unavailable` when there is nothing to show
 */
export async function metricsOf(app: App): Promise<string> {
  await app.meter.flush();
  const { coordDir } = app.clone;
  const request = {
    who: app.who,
    bookId: app.book.book,
    folder: fileFolder(coordDir),
    commands: commandTotals(coordDir),
    version: daemonVersion,
    pushesPerMinuteLimit: app.book.host?.pushesPerMinute ?? null,
  };
  const recent = await app.recent();
  const askedAt = recent === null ? app.asOf() : lastAsked(app);
  try {
    return await readMetrics(recent ?? app.context, { ...request, askedAt, reachable: true });
  } catch (error) {
    if (!(error instanceof CoordError) || error.code !== 'unavailable' || app.book.mode === 'local') throw error;
    return await readMetrics(await app.shown(), { ...request, askedAt: lastAsked(app), reachable: false });
  }
}

const lastAsked = ({ fresh }: App): string => fresh.lastAsked() ?? 'never';
