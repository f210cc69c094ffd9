import { realpathSync } from 'node:fs';
import { openApp } from '../app/open-app.ts';
import { readClone } from '../config/clone.ts';
import { seeDaemon, startDaemon, stopDaemon } from '../daemon-link/control-daemon.ts';
import { CoordError } from '../errors.ts';
import type { Answer, Context } from './frame/context.ts';
import type { Run } from './frame/spec.ts';

interface Status {
  running: boolean;
  pid: number | null;
  startedAt: string | null;
  claims: number;
  lastBeatAt: string | null;
  rssBytes: number | null;
}

const stopped: Status = { running: false, pid: null, startedAt: null, claims: 0, lastBeatAt: null, rssBytes: null };

export const run: Run = async (context, parsed) => {
  switch (parsed.positionals[0]) {
    case 'run':
      return runHere(context);
    case 'start':
      return start(context);
    case 'stop':
      return stop(context);
    default:
      return status(await coordDirOf(context));
  }
};

async function coordDirOf({ cwd, env }: Context): Promise<string> {
  return (await readClone({ cwd, env })).coordDir;
}

async function runHere({ cwd, env, write }: Context): Promise<Answer> {
  const { runDaemon } = await import('../daemon/run-daemon.ts');
  const end = await runDaemon({ cwd, env, show: write });
  if (end.kind === 'ended') return { data: { running: false, reason: end.text }, text: '' };
  return { data: { running: true, pid: end.pid }, text: `The daemon runs already (process ${end.pid}).\n` };
}

async function start(context: Context): Promise<Answer> {
  const { cwd, env } = context;
  // what it would fail on is said here
  const app = await openApp({ cwd, env, agentFlag: context.agent, warn: context.warn });
  const { coordDir } = app.clone;
  await app.close();
  await startDaemon({ coordDir, cwd, env, entry: ownEntry() });
  return status(coordDir);
}

async function stop(context: Context): Promise<Answer> {
  const pid = await stopDaemon(await coordDirOf(context));
  return { data: stopped, text: pid === null ? 'No daemon was running.\n' : `Stopped the daemon (process ${pid}).\n` };
}

async function status(coordDir: string): Promise<Answer> {
  const sight = await seeDaemon(coordDir);
  if (sight.kind === 'absent') return { data: stopped, text: 'No daemon is running; claim starts it.\n' };
  const { pid, startedAt } = sight.file;
  if (sight.kind === 'silent') {
    const data: Status = { ...stopped, running: true, pid, startedAt };
    return { data, text: `The daemon (process ${pid}) is there, but does not answer.\n` };
  }
  const { claims, lastBeatAt, rssBytes } = sight.status;
  const data: Status = { running: true, pid, startedAt, claims, lastBeatAt, rssBytes };
  const lines = [
    `The daemon runs: process ${pid}, since ${startedAt}, ${Math.round(rssBytes / 1024 / 1024)} MB.`,
    `It keeps ${claims === 1 ? '1 claim' : `${claims} claims`} alive; last confirmed: ${lastBeatAt ?? 'not yet'}.`,
  ];
  return { data, text: `${lines.join('\n')}\n` };
}

/** The file that Node runs, as `git-coord` is a link to it. */
export function ownEntry(): string {
  const entry = process.argv[1];
  if (entry === undefined) throw new CoordError('internal', 'this process does not know which file it runs');
  return realpathSync(entry);
}
