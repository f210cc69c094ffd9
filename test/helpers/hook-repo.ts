/** Clones with a book and with our hooks in them, for the tests of the hooks. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OpenedBook, openBook } from '../../src/index.ts';
import { encodeCommit } from '../../src/store/commit-codec.ts';
import { git } from './repo.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const program = join(root, 'bin/git-coord.cjs');

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An environment in which `agent` works in session `s-<agent>`, with no daemon. */
export function envOf(agent: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...process.env, COORD_AGENT: agent, COORD_SESSION: `s-${agent}`, COORD_DAEMON: 'off', ...more };
}

/** Runs a command to its end, whatever its status. */
export function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(command, [...args], { cwd, env }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ status, stdout, stderr });
    });
  });
}

/** `git coord <args>` */
export const coord = (cwd: string, env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran> =>
  run(process.execPath, [program, ...args], cwd, env);

/** A repository with one commit and an embedded book; with `remote`, the book of that bare repository. */
export async function makeBookClone(dir: string, remote?: string): Promise<void> {
  const cwd = dirname(dir);
  if (remote === undefined) await git(['init', '--quiet', dir], { cwd });
  else await git(['clone', '--quiet', remote, dir], { cwd });
  const repository = remote ?? dir;
  await writeFile(join(dir, 'readme'), 'hello\n');
  await git(['add', '.'], { cwd: dir });
  await git(['commit', '--quiet', '-m', 'first'], { cwd: dir });
  const note = { v: 1, kind: 'format', book: 'book-1', at: '2026-01-01T00:00:00.000Z' };
  const parts = { objectFormat: 'sha1', parents: [], agent: 'x', dateMs: 0, subject: 'format' } as const;
  const commit = encodeCommit({ ...parts, note });
  const file = join(dir, '.git/format');
  await writeFile(file, commit.body);
  await git(['hash-object', '-t', 'tree', '-w', '/dev/null'], { cwd: repository });
  await git(['hash-object', '-t', 'commit', '-w', file], { cwd: repository });
  await git(['update-ref', 'refs/coord/format', commit.oid], { cwd: repository });
  await git(['config', 'coord.book', 'book-1'], { cwd: dir });
  await git(['config', 'coord.mode', remote === undefined ? 'local' : 'remote'], { cwd: dir });
}

/** Does something with the book as this agent. */
export async function withBook<T>(dir: string, agent: string, action: (book: OpenedBook) => Promise<T>): Promise<T> {
  const book = await openBook({ dir, agent, session: `s-${agent}`, env: envOf(agent) });
  try {
    return await action(book);
  } finally {
    await book.close();
  }
}

/** Claims a task; answers its term. */
export const claim = (dir: string, agent: string, task: string, force = false): Promise<number> =>
  withBook(dir, agent, async (book) => (await book.claim(task, { force })).task.term);

export const message = (cwd: string): Promise<string> => git(['log', '-1', '--format=%B'], { cwd });
