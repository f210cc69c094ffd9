import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withoutRepository } from '../../transport/git-process.ts';
import { type Ending, supervise } from '../supervise.ts';
import type { Attempt, Work, WorkResult } from './events.ts';
import { progressLine } from './progress-line.ts';
import { readResult } from './result-file.ts';
import { logBytesMax, openTaskLog, taskLogPath } from './task-log.ts';

/**
 * Work that is done by a command in the task's worktree. It is told of the task by its environment, and tells by its lines and
 * by a file:
 *
 *   COORD_TASK_ID, COORD_TERM          which task, which tenure
 *   COORD_TASK_FILE                    the whole record, JSON, and as `results` what each task that it needs gave
 *   COORD_RESULT_FILE                  to be written: the result, JSON of at most 64 KiB; nothing is fine
 *   COORD_AGENT, COORD_SESSION         so that git coord in there speaks for this claim
 *   ::progress 40 text                 on a line of its output
 */
export interface CommandWork {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly coordDir: string;
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number;
}

/** Lines and characters of the log that a failed attempt keeps in the task. */
const tailLinesMax = 20;
const tailCharsMax = 4000;

export function commandWork(request: CommandWork): Work {
  return {
    logOf: (task, term) => taskLogPath(request.coordDir, task, term),
    async run(attempt) {
      const { task, term } = attempt;
      const folder = join(request.coordDir, 'run', `${task.id}.${term}`);
      await mkdir(folder, { recursive: true });
      try {
        return await runIn(folder, request, attempt);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

async function runIn(folder: string, request: CommandWork, attempt: Attempt): Promise<WorkResult> {
  const { task, results, term, dir, agent, session, signal, progress } = attempt;
  const [taskFile, resultFile] = [join(folder, 'task.json'), join(folder, 'result.json')];
  await writeFile(taskFile, `${JSON.stringify({ ...task, results }, null, 2)}\n`);
  const log = openTaskLog(request.coordDir, task.id, term);
  const running = supervise({
    command: request.command,
    args: request.args,
    cwd: dir,
    env: {
      ...withoutRepository(request.env),
      COORD_TASK_ID: task.id,
      COORD_TERM: String(term),
      COORD_TASK_FILE: taskFile,
      COORD_RESULT_FILE: resultFile,
      COORD_AGENT: agent,
      COORD_SESSION: session,
    },
    graceMs: request.graceMs,
    signal,
    outputBytesMax: logBytesMax,
    mark: attempt.mark,
    onLine: (line) => {
      log.add(line);
      const news = progressLine(line);
      if (news !== null) progress(news.text, news.percent);
    },
  });
  const { ending, output } = await running.ended;
  log.end(output);
  return resultOf(ending, output, request.command, resultFile);
}

async function resultOf(ending: Ending, output: string, command: string, resultFile: string): Promise<WorkResult> {
  switch (ending.kind) {
    case 'not-started':
      return { kind: 'impossible', reason: `${command} can't be run: ${ending.why}` };
    case 'exited':
      if (ending.status !== 0) return { kind: 'failed', reason: withTail(`exit status ${ending.status}`, output) };
      break;
    case 'signalled':
      return { kind: 'failed', reason: withTail(`ended by ${ending.signal}`, output) };
    case 'timed-out':
    case 'stopped':
      return { kind: 'failed', reason: withTail('it was stopped', output) };
  }
  const read = await readResult(resultFile);
  return read.ok ? { kind: 'succeeded', result: read.result } : { kind: 'failed', reason: read.why };
}

/** With the last lines of what was printed. */
export function withTail(what: string, output: string): string {
  const lines = output.trimEnd().split('\n').slice(-tailLinesMax);
  const tail = lines.join('\n').slice(-tailCharsMax);
  return tail === '' ? what : `${what}\n${tail}`;
}
