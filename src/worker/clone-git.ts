import { CoordError } from '../errors.ts';
import { type GitResult, gitEnvironment, runGit } from '../transport/git-process.ts';

/** git in a worktree of the user's clone, with the user's configuration but without hooks, never asking for anything. */
export interface CloneGit {
  readonly dir: string;
  /** The result, whatever its status. */
  try(args: readonly string[], extra?: GitExtra): Promise<GitResult>;
  /** What it printed, without the last line's end. @throws CoordError `unavailable` with git's words */
  text(args: readonly string[], extra?: GitExtra): Promise<string>;
}

export interface GitExtra {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Buffer;
  /** Another folder of the clone. */
  readonly dir?: string;
  /** With the user's hooks, as for a checkout that stands for the user's own. */
  readonly withHooks?: boolean;
}

/** A user's hook could veto what we note in refs of our own. */
const withoutHooks = ['-c', 'core.hooksPath=/dev/null'];
/** What lands is what the server sees: a clone's own replacements and grafts would make other histories of it. */
const asTheyAre = { GIT_NO_REPLACE_OBJECTS: '1', GIT_GRAFT_FILE: '/dev/null' };
const timeoutMs = 10 * 60_000;

export function cloneGit(dir: string, env: NodeJS.ProcessEnv): CloneGit {
  const run: CloneGit['try'] = (args, extra = {}) =>
    runGit([...(extra.withHooks ? [] : withoutHooks), ...args], {
      cwd: extra.dir ?? dir,
      env: gitEnvironment(env, { ...(extra.withHooks ? {} : asTheyAre), ...extra.env }),
      input: extra.input,
      timeoutMs,
    });
  return {
    dir,
    try: run,
    async text(args, extra) {
      const { status, stdout, stderr } = await run(args, extra);
      if (status === 0) return stdout.toString('utf8').replace(/\n$/, '');
      throw gitFailure(args[0] ?? '', stderr);
    },
  };
}

/** What git in this clone refused: no matter of the remote's. */
export const gitFailure = (what: string, stderr: string): CoordError =>
  new CoordError('unavailable', `git ${what}: ${firstWords(stderr)}`, { data: { local: true } });

/** What it says first, apart from advice. */
export function firstWords(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  const words = lines.find((line) => line !== '' && !/^(hint|warning):/.test(line));
  return words?.replace(/^(fatal|error): /, '') || 'it gave no reason';
}
