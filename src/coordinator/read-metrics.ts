import { commandCounters, commandHistograms, logCounters, logHistograms } from '../domain/metrics/definitions.ts';
import { exposition } from '../domain/metrics/exposition.ts';
import { gaugeFamilies } from '../domain/metrics/gauges.ts';
import { counterFamily, histogramFamily, type Totals } from '../domain/metrics/totals.ts';
import type { Who } from '../domain/seen.ts';
import type { Folder } from '../store/folder.ts';
import { queueOf, readBook } from './book-view.ts';
import type { Context } from './context.ts';
import { countLogs } from './count-logs.ts';
import { agentsIn, liveAgents } from './read-agents.ts';

export interface MetricsRequest {
  readonly who: Who;
  readonly bookId: string;
  /** Where the totals of the logs are kept. */
  readonly folder: Folder;
  readonly commands: Totals;
  /** When the book was asked for what this context shows; ISO 8601, or `never`. */
  readonly askedAt: string;
  readonly reachable: boolean;
  readonly version: string;
  /** Of the book's host; null: none is known. */
  readonly pushesPerMinuteLimit: number | null;
}

/** All metrics, in Prometheus' text format. @throws CoordError `unavailable` */
export async function readMetrics(context: Context, request: MetricsRequest): Promise<string> {
  const book = await readBook(context, request.who, [context.store.layout.all('agents')]);
  const logs = await countLogs(context, request.folder, request.bookId, book);
  const gauges = gaugeFamilies({
    reachable: request.reachable,
    askedMs: Date.parse(request.askedAt),
    nowMs: Date.parse(context.clock.wall()),
    tasks: book.tasks,
    agents: liveAgents(agentsIn(context, book.read), book.tasks),
    paused: queueOf(context, book.read)?.paused ?? false,
    unreadable: book.bad.length,
    version: request.version,
    pushesPerMinuteLimit: request.pushesPerMinuteLimit,
  });
  return exposition([
    ...gauges,
    ...Object.values(logCounters).map((counter) => counterFamily(logs, counter)),
    ...Object.values(logHistograms).map((histogram) => histogramFamily(logs, histogram)),
    ...Object.values(commandCounters).map((counter) => counterFamily(request.commands, counter)),
    ...Object.values(commandHistograms).map((histogram) => histogramFamily(request.commands, histogram)),
  ]);
}
