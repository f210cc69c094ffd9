/** A project with code and a book: `main` at a remote or, embedded, in the clone itself, and agents who work on tasks. */
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beginBook, firstCommit, mustInit } from './begun-book.ts';
import { type CliAnswer, cliJson } from './cli.ts';
import { commitAll, git, makeScratch } from './repo.ts';
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
  const env: NodeJS.ProcessEnv = { ...server?.env, COORD_DAEMON: 'off' };
  if (server !== null) await beginBook(server.bareDir);
  else {
    await git(['init', '--quiet', first], { cwd: scratch.dir });
    await firstCommit(first);
    await mustInit(first, ['--local'], env);
  }
  const home = server?.bareDir ?? first;
  let joined: string | undefined;
  return {
    dir: scratch.dir,
    home,
    async agent(name, cloneArgs = []) {
      const dir = join(scratch.dir, name);
      if (server === null) await git(['worktree', 'add', '--quiet', '--detach', dir, 'main'], { cwd: first });
      else {
        const all = { ...process.env, ...env };
        await git(['clone', '--quiet', ...cloneArgs, server.url, dir], { cwd: scratch.dir, env: all });
        if (joined === undefined) await mustInit(dir, ['--remote', 'origin'], env);
        else await joinLike(joined, dir);
        joined ??= dir;
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

/** What `init` found out and wrote down in another clone of the same remote, without asking all that again. */
async function joinLike(other: string, dir: string): Promise<void> {
  const settings = await git(['config', '--local', '--get-regexp', '^coord[.]'], { cwd: other });
  for (const line of settings.split('\n')) {
    const [key = '', value = ''] = line.split(' ');
    await git(['config', key, value], { cwd: dir });
  }
  const profile = '.git/coord/profile.json';
  await cp(join(other, profile), join(dir, profile));
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
