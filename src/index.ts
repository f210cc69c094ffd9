/**
 * The library: the same calls as the command line, with the same results (docs/cli.md, "Shapes").
 *
 *     const book = await openBook({ dir: '.', agent: 'agent-a', session: 's-1' });
 *     const { task, claim } = await book.claim('build-api');
 *     await book.progress('build-api', 'tests pass', 40);
 *     await book.done('build-api', { tests: 12 });     // or book.land('build-api'), with its commits
 *     await book.close();
 *
 * Losing is an error with a code here: `held`, `lost`, `not-ready` … (`CoordError.code`).
 */

import { openBookOn } from './app/book-on-app.ts';
import { openApp } from './app/open-app.ts';
import { landingRemote, readSetup } from './app/setup.ts';
import type { Book, Imported } from './coordinator/book.ts';
import type { ExportedTasks } from './coordinator/export-tasks.ts';
import type { LandResult } from './coordinator/land-task.ts';
import type { Restored } from './coordinator/restore-tasks.ts';
import { endOf } from './coordinator/subscribe.ts';
import { parseId } from './domain/ids.ts';
import type { Json } from './domain/task.ts';
import { exportFormat } from './domain/task-record.ts';
import type { TaskView } from './domain/view.ts';
import type { CheckResult, GateReport } from './worker/gates/checks.ts';

export type { AssignResult } from './coordinator/assign-task.ts';
export type { ClaimRequest, Imported } from './coordinator/book.ts';
export type { ClaimResult } from './coordinator/claim-task.ts';
export type { Filter } from './coordinator/filter.ts';
export type { LandResult } from './coordinator/land-task.ts';
export type { Published } from './coordinator/publish-event.ts';
export type { Restored, RestoredTask } from './coordinator/restore-tasks.ts';
export type { SubscribeRequest, Subscription } from './coordinator/subscribe.ts';
export type { LogEntry } from './coordinator/task-log.ts';
export type { StreamedEvent } from './coordinator/watch-events.ts';
export { createWorker, type Worker, type WorkerOptions } from './create-worker.ts';
export type { AgentRecord, AgentStatus } from './domain/agent.ts';
export type { StatsRow } from './domain/stats.ts';
export type { Json, TaskState } from './domain/task.ts';
export type { TaskRecord } from './domain/task-record.ts';
export type { ClaimView, TaskView } from './domain/view.ts';
export type { WorkflowState, WorkflowView } from './domain/workflow-view.ts';
export { CoordError, type ErrorCode } from './errors.ts';
export type { CheckName, CheckResult, GateReport } from './worker/gates/checks.ts';
export type { AttemptEnd, WorkerEvent } from './worker/run/events.ts';
export type { Handler, Handlers } from './worker/run/handler-work.ts';
export type { RunReport } from './worker/run/run-loop.ts';

export interface OpenBookOptions {
  /** A folder of the clone. */
  readonly dir: string;
  /** Default: as the command line finds it. */
  readonly agent?: string;
  readonly session?: string;
  /** The environment for git; default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Gets what people should know and no call fails for; default: nobody. */
  readonly onWarning?: (words: string) => void;
}

export interface OpenedBook
  extends Pick<
    Book,
    | 'claim'
    | 'next'
    | 'renew'
    | 'progress'
    | 'release'
    | 'done'
    | 'fail'
    | 'add'
    | 'note'
    | 'edit'
    | 'assign'
    | 'cancel'
    | 'changeNeeds'
    | 'pause'
    | 'resume'
    | 'waitFor'
    | 'waitForWorkflow'
    | 'retry'
    | 'show'
    | 'log'
    | 'stats'
    | 'registerAgent'
    | 'setStatus'
    | 'publish'
    | 'subscribe'
  > {
  list(filter?: Parameters<Book['list']>[0]): Promise<{ tasks: TaskView[]; asOf: string }>;
  /**
   * Lands the work of the worktree, after the gates: branch, task and claim move in one push (docs/protocol.md, "Transitions").
   * @throws CoordError `lost`, `held`, `conflict`, `gate-failed`, `not-ready`, `not-found`, `unavailable`, `unknown`
   */
  land(id: string, options?: LandOptions): Promise<LandResult>;
  /**
   * Adds all tasks of a workflow in one atomic push, or none. `text`: YAML or JSON (docs/cli.md, "Workflows").
   * @throws CoordError `usage` with all that is wrong, `exists`, `not-ready`, `unavailable`, `unknown`
   */
  submitWorkflow(text: string, options?: SubmitWorkflowOptions): Promise<SubmittedWorkflow>;
  /** All tasks of the book, as `importTasks` takes them (docs/cli.md, "Export and import"). @throws CoordError `unavailable` */
  exportTasks(): Promise<ExportedBook>;
  /**
   * Adds all tasks in one atomic push, or none: of an export, or of a text as `git coord import` takes it.
   * @throws CoordError `usage` with all that is wrong, `exists`, `not-ready`, `unavailable`, `unknown`
   */
  importTasks(source: string | ExportedBook, options?: ImportTasksOptions): Promise<Imported>;
  /**
   * Puts back what the remote has lost of what this clone has seen there (docs/cli.md, "Restore").
   * @throws CoordError `unavailable`: also when another book is there
   */
  restore(options?: { readonly dryRun?: boolean }): Promise<Restored>;
  /** Cancels what is unfinished of it. @throws CoordError `not-found`, `unavailable` */
  cancelWorkflow(id: string): Promise<{ cancelled: string[] }>;
  /** Ends subscriptions, which tell what is there by now, and git's helper processes. Claims stay; the daemon keeps them alive. */
  close(): Promise<void>;
}

export interface ExportedBook extends ExportedTasks {
  readonly format: string;
  readonly v: number;
  readonly asOf: string;
}

export interface ImportTasksOptions {
  /** What errors call it; its end says what it is: `.md`, `.yml`, `.json`, `.ndjson`. Default: `the tasks`, by their text. */
  readonly name?: string;
  /** Checks it, and writes nothing. */
  readonly dryRun?: boolean;
}

export interface SubmitWorkflowOptions {
  /** What errors call it; default: `the workflow`. */
  readonly name?: string;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Checks it, and writes nothing. */
  readonly dryRun?: boolean;
}

export interface SubmittedWorkflow {
  readonly workflow: { readonly id: string | null; readonly tasks: readonly string[] };
  /** Without what was there already. */
  readonly created: readonly string[];
  readonly dryRun: boolean;
}

export interface LandOptions {
  /** The branch to land on; default: the remote's default branch. */
  readonly onto?: string;
  /** What lands; default: HEAD. */
  readonly from?: string;
  readonly result?: Json;
  /** Gets what goes on, for people. */
  readonly onStep?: (words: string) => void;
}

/** @throws CoordError `not-found` outside a repository or without `git coord init`, `config`, `bad-id` */
export async function openBook(options: OpenBookOptions): Promise<OpenedBook> {
  const { dir, agent, session } = options;
  const warn = options.onWarning ?? (() => {});
  const env = { ...(options.env ?? process.env), ...(session === undefined ? {} : { COORD_SESSION: session }) };
  const app = await openApp({ cwd: dir, env, agentFlag: agent, warn });
  const book = openBookOn(app, process.pid, warn);
  const onError = options.onWarning && ((error: unknown) => warn(endOf(error)));
  return {
    claim: book.claim.bind(book),
    next: book.next.bind(book),
    renew: book.renew.bind(book),
    progress: book.progress.bind(book),
    release: book.release.bind(book),
    done: book.done.bind(book),
    fail: book.fail.bind(book),
    add: book.add.bind(book),
    note: book.note.bind(book),
    edit: book.edit.bind(book),
    assign: book.assign.bind(book),
    cancel: book.cancel.bind(book),
    changeNeeds: book.changeNeeds.bind(book),
    pause: book.pause.bind(book),
    resume: book.resume.bind(book),
    waitFor: book.waitFor.bind(book),
    waitForWorkflow: book.waitForWorkflow.bind(book),
    submitWorkflow: async (text, { name = 'the workflow', inputs = {}, dryRun } = {}) => {
      const { readWorkflow } = await import('./config/workflow-file.ts');
      const file = await readWorkflow(text, name, inputs);
      const { created } = await book.submit({ ...file, dryRun, command: 'submitWorkflow' });
      return { workflow: { id: file.id, tasks: file.tasks.map(({ id }) => id) }, created, dryRun: dryRun ?? false };
    },
    exportTasks: async () => ({ ...exportFormat, ...(await book.exportTasks()), asOf: app.asOf() }),
    importTasks: async (source, { name = 'the tasks', dryRun } = {}) => {
      const { readImport } = await import('./config/import-file.ts');
      const file = await (typeof source === 'string'
        ? readImport(source, name)
        : readImport(exportLines(source), `${name}.ndjson`));
      for (const notice of file.notices) warn(notice);
      return book.importTasks(file, { dryRun, command: 'importTasks' });
    },
    restore: async (how) => {
      const { restoreOn } = await import('./app/restore-on-app.ts');
      return restoreOn(app, { ...how, warn });
    },
    cancelWorkflow: (id) => book.cancelWorkflow(parseId(id, 'id of a workflow'), `git coord workflow cancel ${id}`),
    retry: book.retry.bind(book),
    show: book.show.bind(book),
    log: book.log.bind(book),
    stats: book.stats.bind(book),
    registerAgent: book.registerAgent.bind(book),
    setStatus: book.setStatus.bind(book),
    publish: book.publish.bind(book),
    subscribe: (handler, request) => book.subscribe(handler, { onError, ...request }),
    list: async (filter) => {
      const { tasks } = await book.list(filter);
      return { tasks, asOf: app.asOf() };
    },
    land: async (id, { onto, from, result = null, onStep = () => {} } = {}) => {
      const { landingOn } = await import('./app/landing-on-app.ts');
      const whileStoppable = <T>(work: (signal: AbortSignal) => Promise<T>) => work(new AbortController().signal);
      const landing = await landingOn(app, { task: parseId(id), onto, from, tell: onStep, whileStoppable });
      const { code, attemptsMax } = landing;
      return book.land(id, { code, attemptsMax, result, command: `git coord land ${id}`, onStep });
    },
    close: async () => {
      await book.close();
      await app.close();
    },
  };
}

const exportLines = ({ format, v, tasks }: ExportedBook): string =>
  [{ format, v }, ...tasks].map((line) => `${JSON.stringify(line)}\n`).join('');

export interface RunGatesOptions {
  /** A folder of the worktree. */
  readonly dir: string;
  /** Looks at what has changed alone, where a check can be limited so; default: at everything. */
  readonly changed?: boolean;
  /** The environment for git and the tools; default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Ends what runs; its checks have then failed. */
  readonly signal?: AbortSignal;
  /** Gets each check as it ends. */
  readonly onCheck?: (result: CheckResult) => void;
}

/**
 * The quality gates, as `git coord gate` runs them. A check that failed is a result.
 * @throws CoordError `not-found` (no repository, nothing to compare with), `not-ready` without a worktree, `config`, `unavailable`
 */
export async function runGates({ dir, changed = false, env, signal, onCheck }: RunGatesOptions): Promise<GateReport> {
  const setup = await readSetup({ cwd: dir, env: env ?? process.env });
  const { gateHere } = await import('./worker/gates/gate-here.ts');
  return gateHere({ ...setup, remote: landingRemote(setup), changedOnly: changed, signal, onCheck });
}
