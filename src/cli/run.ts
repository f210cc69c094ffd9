import { openWorker } from '../app/worker-slots.ts';
import { CoordError } from '../errors.ts';
import { commandWork } from '../worker/run/command-work.ts';
import { type RunReport, runWorker } from '../worker/run/run-loop.ts';
import { filterOf } from './filter.ts';
import type { Answer } from './frame/context.ts';
import type { Run } from './frame/spec.ts';
import { openRunView, reportText } from './run-view.ts';

/** Two interrupts within so long are one. */
const onceMs = 400;
/** From SIGTERM to SIGKILL of a command that must stop. */
const graceMs = 10_000;

export const run: Run = async (context, parsed): Promise<Answer> => {
  const [command, ...args] = parsed.rest;
  if (command === undefined)
    throw new CoordError('usage', 'run needs a command to do the work: name one after --', {
      next: ["git coord run -- sh -c './agent.sh && git add -A && git commit -m done'"],
    });
  const env = context.env as NodeJS.ProcessEnv;
  const worker = await openWorker({
    dir: context.cwd,
    env,
    agent: context.agent,
    max: parsed.number('max'),
    warn: context.warn,
  });
  const { app, slots } = worker;
  const view = openRunView(context, { app, workers: slots.length });
  const signals = onSignals(view.say);
  try {
    const report = await runWorker({
      slots,
      work: commandWork({ command, args, env, coordDir: app.clone.coordDir, graceMs }),
      filter: filterOf(parsed, false),
      viaBranch: parsed.flag('via-branch'),
      drain: parsed.flag('drain'),
      pollIntervalMs: worker.pollIntervalMs,
      finish: signals.finish,
      stop: signals.stop,
      onEvent: view.onEvent,
    });
    view.end();
    return {
      data: { type: 'report', ...report },
      text: reportText(report),
      ...failureOf(report, parsed.flag('drain')),
    };
  } finally {
    view.end();
    signals.off();
    await worker.close();
  }
};

function failureOf({ impossible, dead }: RunReport, drain: boolean): { failure?: CoordError } {
  if (impossible === null && drain && dead.length > 0) {
    const failure = new CoordError('not-ready', `no tries are left for ${dead.join(', ')}`, {
      next: dead.slice(0, 1).map((id) => `git coord retry ${id}`),
    });
    return { failure };
  }
  if (impossible === null) return {};
  const failure = new CoordError('usage', impossible, {
    hint: 'No task can be worked on here until that is put right. What was taken for it was given back.',
  });
  return { failure };
}

/** The first SIGINT finishes, the second stops; SIGTERM and SIGHUP stop at once. */
function onSignals(say: (text: string) => void) {
  const [finish, stop] = [new AbortController(), new AbortController()];
  let interruptedMs = Number.NEGATIVE_INFINITY;
  const interrupted = (): void => {
    // as `git coord` it is told twice of one Ctrl-C: by the terminal, and by git
    if (performance.now() - interruptedMs < onceMs) return;
    interruptedMs = performance.now();
    if (finish.signal.aborted) stopNow();
    else say('finishing what is in work; once more to stop it and give it back');
    finish.abort();
  };
  const stopNow = (): void => {
    if (!stop.signal.aborted) say('stopping; what is in work is given back');
    stop.abort();
  };
  process.on('SIGINT', interrupted);
  for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, stopNow);
  return {
    finish: finish.signal,
    stop: stop.signal,
    off() {
      process.off('SIGINT', interrupted);
      for (const name of ['SIGTERM', 'SIGHUP'] as const) process.off(name, stopNow);
    },
  };
}
