import { join } from 'node:path';
import type { App } from '../app/open-app.ts';
import { placeOf } from '../config/boot.ts';
import { processesOfSession } from '../config/sessions.ts';
import { readBook } from '../coordinator/book-view.ts';
import { bad, type Finding, good } from '../coordinator/diagnose.ts';
import { checkClaims } from '../coordinator/diagnose-claims.ts';
import { checkClock } from '../coordinator/diagnose-clock.ts';
import { checkEvents } from '../coordinator/diagnose-clone.ts';
import { checkLimits } from '../coordinator/diagnose-limits.ts';
import { checkSessions } from '../coordinator/diagnose-sessions.ts';
import { sweep } from '../coordinator/sweep.ts';
import { type DaemonSight, seeDaemon, startDaemon, stopDaemon } from '../daemon-link/control-daemon.ts';
import { daemonVersion } from '../daemon-link/version.ts';
import { fileFolder } from '../store/folder.ts';
import { metricsPath, pushesLastMinute } from '../store/metrics-log.ts';
import { ownFolder } from '../store/own-folder.ts';
import { ownEntry } from './daemon.ts';

/** What the book shows of claims. @param open opens it anew, for a repair */
export async function claimFindings(app: App, open: () => Promise<App>): Promise<Finding[]> {
  const { context, who, clone, book, timings, loaded } = app;
  const view = await readBook(context, who);
  const pushes = pushesLastMinute(metricsPath(clone.coordDir), Date.now());
  const claims = checkClaims(context, view);
  return [
    claims.ok ? claims : { ...claims, repair: () => sweepOnce(open) },
    checkSessions({ who, tasks: view.tasks, processes: await processesOfSession(clone.coordDir, who) }),
    checkClock(view.tasks, context.clock.wall()),
    checkLimits({ host: book.host, timings, origins: loaded.origins, pushes }),
  ];
}

async function sweepOnce(open: () => Promise<App>): Promise<void> {
  const app = await open();
  try {
    await sweep(app.context, app.who);
  } finally {
    await app.close();
  }
}

/** Who pushes for this clone what can wait: beats and events. */
export async function daemonFindings(app: App): Promise<Finding[]> {
  const { clone, env } = app;
  const sight = await seeDaemon(clone.coordDir);
  const cwd = clone.topLevel ?? clone.commonDir;
  const start = async () => {
    await startDaemon({ coordDir: clone.coordDir, cwd, env, entry: ownEntry() });
  };
  const path = join(clone.coordDir, 'outbox');
  const outbox = ownFolder(fileFolder(path), placeOf(clone.commonDir));
  const events = checkEvents(outbox, path, sight.kind === 'running');
  const repair = events.fix === 'git coord daemon start' ? { repair: start } : {};
  return [checkDaemon(app, sight, start), { ...events, ...repair }];
}

/** Whether it is needed, there, answers, and is of this version. */
function checkDaemon(app: App, sight: DaemonSight, start: () => Promise<void>): Finding {
  const held = beatenOf(app);
  const claims = held === 1 ? '1 claim is' : `${held} claims are`;
  const again = held > 0 && app.config.coordination.daemon === 'auto';
  if (sight.kind === 'absent') {
    if (!again) return good('daemon', held > 0 ? 'off by configuration' : 'not running; a claim starts it');
    return {
      ...bad('daemon', `${claims} held here, and no daemon runs`, 'git coord daemon start', null),
      repair: start,
    };
  }
  const fix = `git coord daemon stop${again ? ' && git coord daemon start' : ''}`;
  const repair = async () => {
    await stopDaemon(app.clone.coordDir);
    if (again) await start();
  };
  const { pid, version } = sight.file;
  if (sight.kind === 'silent')
    return { ...bad('daemon', `process ${pid} does not answer`, fix, 'unavailable'), repair };
  if (version !== daemonVersion)
    return { ...bad('daemon', `process ${pid} is of version ${version}, this is ${daemonVersion}`, fix, null), repair };
  return good('daemon', `running (pid ${pid}), ${sight.status.claims} claims kept alive`);
}

/** How many tenures of this clone somebody has to renew. */
function beatenOf({ context: { held, boot, clock } }: App): number {
  const counts = held.all().filter(({ state, boot: stamped, untilBootMs }) => {
    return state.lost !== true && state.unsaid !== true && stamped === boot && clock.bootMs() < untilBootMs;
  });
  return counts.length;
}
