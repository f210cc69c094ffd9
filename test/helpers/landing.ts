/** A project with code and a book: `main` at a remote or, embedded, in the clone itself, and agents who work on tasks. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CliAnswer, cliJson } from './cli.ts';
import { commitAll, git, makeClone, makeScratch } from './repo.ts';
import { type ServerKind, startServer } from './servers.ts';

export interface Project {
  readonly dir: string;
  /** Where main and the book are, for looking at it from behind. */
  readonly home: string;
  /** An agent's clone, or worktree in the embedded mode, with the book joined. */
  agent(name: string, cloneArgs?: readonly string[]): Promise<Agent>;
  main(): Promise<string>;
  close(): Promise<void>;
}

export interface Agent {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  run(...args: string[]): Promise<CliAnswer>;
  git(...args: string[]): Promise<string>;
  /** Writes a file on the task's branch and commits it. */
  work(task: string, file: string, text: string): Promise<string>;
}

/** `guarded`: the server has our hooks. */
export async function makeProject(kind: ServerKind | 'embedded', guarded?: boolean): Promise<Project> {
  const scratch = await makeScratch();
  const server = kind === 'embedded' ? null : await startServer(kind, 'sha1', guarded);
  const first = join(scratch.dir, 'first');
  if (server === null) await git(['init', '--quiet', first], { cwd: scratch.dir });
  else
    await makeClone(
      server.url,
      first,
      server.env.GIT_SSH_COMMAND ? ['-c', `core.sshCommand=${server.env.GIT_SSH_COMMAND}`] : [],
    );
  const env: NodeJS.ProcessEnv = { ...server?.env, COORD_DAEMON: 'off' };
  await writeFile(join(first, 'README'), 'a project\n');
  await writeFile(join(first, 'shared'), 'one\ntwo\nthree\n');
  await commitAll(first, 'Begin');
  if (server !== null)
    await git(['push', '--quiet', 'origin', 'HEAD:main'], { cwd: first, env: { ...process.env, ...env } });
  const init = server === null ? ['init', '--local'] : ['init', '--remote', 'origin'];
  const begun = await cliJson(init, { cwd: first, env });
  if (begun.status !== 0) throw new Error(begun.stderr);
  const home = server?.bareDir ?? first;
  return {
    dir: scratch.dir,
    home,
    async agent(name, cloneArgs = []) {
      const dir = join(scratch.dir, name);
      if (server === null) await git(['worktree', 'add', '--quiet', '--detach', dir, 'main'], { cwd: first });
      else {
        await git(['clone', '--quiet', ...cloneArgs, server.url, dir], {
          cwd: scratch.dir,
          env: { ...process.env, ...env },
        });
        const joined = await cliJson(['init', '--remote', 'origin'], { cwd: dir, env });
        if (joined.status !== 0) throw new Error(joined.stderr);
      }
      return agentIn(dir, { ...env, COORD_AGENT: name, COORD_SESSION: `s-${name}` });
    },
    main: () => git(['rev-parse', 'refs/heads/main'], { cwd: home }),
    async close() {
      await server?.stop();
      await scratch.remove();
    },
  };
}

function agentIn(dir: string, env: NodeJS.ProcessEnv): Agent {
  const inDir = (...args: string[]) => git(args, { cwd: dir, env: { ...process.env, ...env } });
  return {
    dir,
    env,
    run: (...args) => cliJson(args, { cwd: dir, env }),
    git: inDir,
    async work(task, file, text) {
      const exists = await inDir('rev-parse', '--verify', '--quiet', `refs/heads/task/${task}`).catch(() => '');
      await inDir('checkout', '--quiet', ...(exists === '' ? ['-b'] : []), `task/${task}`);
      await writeFile(join(dir, file), text);
      return commitAll(dir, `Change ${file}`);
    },
  };
}
