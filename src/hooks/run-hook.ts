/** What an installed hook asks when its own look at `coord/held` doesn't settle it. */
import type { App } from '../app/open-app.ts';
import { readClone } from '../config/clone.ts';
import { loadConfig } from '../config/load.ts';
import { whoAmI } from '../config/who.ts';
import { CoordError } from '../errors.ts';
import { fileFolder } from '../store/folder.ts';
import type { HookName } from './block.ts';
import { freshTenure, hookError, type Verdict } from './check-claim.ts';
import { currentBranch, taskOfBranch, taskOfMessage } from './commit-task.ts';
import { refreshScript } from './script.ts';

export interface HookRequest {
  readonly hook: HookName;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** git's lines for pre-push. */
  readonly input: () => string;
  readonly warn: (text: string) => void;
}

/** `task` and `term`: what a commit's message is stamped with. */
export interface HookAnswer {
  readonly task: string | null;
  readonly term: number | null;
}

const nothing: HookAnswer = { task: null, term: null };

/**
 * Resolves when git may go on. Policy `warn` says what `require` throws.
 * @throws CoordError what is to be said: `held`, `lost`, `not-ready`, `unavailable`, `config` …
 */
export async function runHook(request: HookRequest): Promise<HookAnswer> {
  const { cwd, env } = request;
  const clone = await readClone({ cwd, env });
  const { config } = await loadConfig({
    root: clone.topLevel,
    gitConfig: clone.gitConfig,
    env,
    kept: fileFolder(clone.coordDir),
  });
  await refreshScript(clone.commonDir, config);
  const { policy } = config.hooks;
  if (policy === 'off') return nothing;
  const pattern = config.tasks.branch;
  if (request.hook === 'pre-push') return beforePush(request, policy, pattern);
  const branch = await currentBranch(clone, env);
  const ofBranch = branch === null ? null : taskOfBranch(branch, pattern);
  const message = request.hook === 'commit-msg' ? request.args[0] : undefined;
  const task = ofBranch ?? (message === undefined ? null : await taskOfMessage(message, cwd, env));
  if (task === null) return nothing;
  const who = await whoAmI({ clone, env, agentFlag: undefined, pid: process.pid, random: Math.random });
  const fresh = freshTenure(clone, who, task);
  if (fresh !== null) return { task, term: fresh.term };
  return obey(request, policy, task, await askBook(request, task));
}

const askBook = async (request: HookRequest, task: string): Promise<Verdict> =>
  withApp(request, async (app) => {
    const { readClaim } = await import('./read-claim.ts');
    return (await readClaim(app, task)).verdict;
  });

/** Opens the book for one question. That it can't be opened is an answer too. */
async function withApp({ cwd, env }: HookRequest, question: (app: App) => Promise<Verdict>): Promise<Verdict> {
  const { openApp } = await import('../app/open-app.ts');
  try {
    const app = await openApp({ cwd, env, warn: () => {} });
    try {
      return await question(app);
    } finally {
      await app.close();
    }
  } catch (error) {
    if (error instanceof CoordError) return { kind: 'unclear', error };
    throw error;
  }
}

async function beforePush(request: HookRequest, policy: 'warn' | 'require', pattern: string): Promise<HookAnswer> {
  const { checkPushed, pushedTasks } = await import('./check-push.ts');
  for (const pushed of pushedTasks(request.input(), pattern)) {
    const verdict = await withApp(request, (app) => checkPushed(app, pushed));
    // the push itself meets the same remote: it needs no second refusal
    const away = verdict.kind === 'unclear' && verdict.error.code === 'unavailable';
    if (away) request.warn(`${pushed.task} was not checked: ${verdict.error.message}`);
    else obey(request, policy, pushed.task, verdict);
  }
  return nothing;
}

function obey({ warn }: HookRequest, policy: 'warn' | 'require', task: string, verdict: Verdict): HookAnswer {
  if (verdict.kind === 'held') return { task, term: verdict.term };
  const error = hookError(verdict.kind === 'refused' ? verdict.error : uncheckedError(task, verdict.error));
  if (policy === 'require') throw error;
  warn([error.message, ...error.next.map((next) => `next: ${next}`)].join('; '));
  return nothing;
}

function uncheckedError(task: string, { code, message, next }: CoordError): CoordError {
  return new CoordError(code, `nobody can tell whether you hold ${task}: ${message}`, { next });
}
