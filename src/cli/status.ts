import type { App } from '../app/open-app.ts';
import { type BookView, queueOf } from '../coordinator/book-view.ts';
import { waitingText } from '../coordinator/diagnose-clone.ts';
import { liveAgents, readAgents } from '../coordinator/read-agents.ts';
import { seeDaemon } from '../daemon-link/control-daemon.ts';
import { pausedText } from '../domain/decide-queue.ts';
import { metricsPath, pushesLastMinute } from '../store/metrics-log.ts';
import type { Context } from './frame/context.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';
import { taskTable } from './task-text.ts';
import { readingBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  readingBook(context, parsed, async ({ app, book }) => {
    const view = await book.list();
    const held = view.tasks.filter((task) => task.claim !== null);
    const counts = countStates(view);
    const queue = queueOf(app.context, view.read);
    const sight = await seeDaemon(app.clone.coordDir);
    const daemon = sight.kind === 'running' ? { running: true, ...sight.status } : { running: false, pid: null };
    const data = {
      mode: app.book.mode,
      remote: app.book.remote,
      agent: app.who.agent,
      session: app.who.session,
      tasks: counts,
      claims: held.map((task) => ({ task: task.id, ...task.claim })),
      queue: { paused: queue?.paused ?? false, labels: queue?.labels ?? [] },
      agents: liveAgents(await readAgents(app.context), view.tasks),
      daemon,
      eventsWaiting: app.context.outbox.all().length,
      pushesPerMinute: pushesLastMinute(metricsPath(app.clone.coordDir), Date.now()),
      asOf: app.asOf(),
    };
    const lines = [
      `book     ${app.book.mode === 'local' ? 'in this clone' : `on ${app.book.remote}`}`,
      `you      ${data.agent}, session ${data.session}`,
      `tasks    ${
        Object.entries(counts)
          .map(([state, count]) => `${count} ${state}`)
          .join(', ') || 'none'
      }`,
      ...(pausedText(queue) === null ? [] : [`paused   ${oneLine(pausedText(queue) ?? '')}`]),
      `daemon   ${daemon.running ? `running (pid ${daemon.pid})` : 'not running'}`,
      ...(data.eventsWaiting === 0 ? [] : [`events   ${waitingText(data.eventsWaiting)}${howToPush(daemon.running)}`]),
      `pushes   ${data.pushesPerMinute} in the last minute${limitText(app)}`,
    ];
    return { data, text: `${lines.join('\n')}\n${heldText(context, held)}` };
  });

function countStates(view: BookView): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const state of ['open', 'claimed', 'review', 'failed', 'done', 'cancelled']) {
    const count = view.tasks.filter((task) => task.state === state).length;
    if (count > 0) counts[state] = count;
  }
  return counts;
}

const howToPush = (daemonRuns: boolean): string => (daemonRuns ? '' : ': git coord daemon start');

function limitText(app: App): string {
  const limit = app.book.host?.pushesPerMinute;
  return limit == null ? '' : ` (${app.book.host?.name} recommends at most ${limit})`;
}

function heldText(context: Context, held: BookView['tasks']): string {
  return held.length === 0 ? '' : `\n${taskTable(context, held)}`;
}
