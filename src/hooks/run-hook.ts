/** What an installed hook asks when its own look at `coord/held` doesn't settle it. */
import { readClone } from '../config/clone.ts';
import { loadConfig } from '../config/load.ts';
import { whoAmI } from '../config/who.ts';
import { CoordError } from '../errors.ts';
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
  const { config } = await loadConfig({ root: clone.topLevel, gitConfig: clone.gitConfig, env });
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

async function askBook({ cwd, env }: HookRequest, task: string): Promise<Verdict> {
  const [{ openApp }, { readClaim }] = await Promise.all([import('../app.ts'), import('./read-claim.ts')]);
  try {
    const app = await openApp({ cwd, env, warn: () => {} });
    try {
      return (await readClaim(app, task)).verdict;
    } finally {
      await app.close();
    }
  } catch (error) {
    if (error instanceof CoordError) return { kind: 'unclear', error };
    throw error;
  }
}

async function beforePush(request: HookRequest, policy: 'warn' | 'require', pattern: string): Promise<HookAnswer> {
  const { cwd, env, warn } = request;
  const [{ openApp }, { checkPushed, pushedTasks }] = await Promise.all([
    import('../app.ts'),
    import('./check-push.ts'),
  ]);
  const pushed = pushedTasks(request.input(), pattern);
  if (pushed.length === 0) return nothing;
  const app = await openApp({ cwd, env, warn: () => {} });
  try {
    for (const each of pushed) {
      const verdict = await checkPushed(app, each);
      // the push itself meets the same remote: it needs no second refusal
      if (verdict.kind === 'unclear') warn(`${each.task} was not checked: ${verdict.error.message}`);
      else obey(request, policy, each.task, verdict);
    }
  } finally {
    await app.close();
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
