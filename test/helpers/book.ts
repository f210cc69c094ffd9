/** A book on a remote, clones that joined it, and agents in this process, as the library has them. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBookOn } from '../../src/app/book-on-app.ts';
import { type App, openApp } from '../../src/app/open-app.ts';
import { addressOf } from '../../src/app/profile.ts';
import { readSetup } from '../../src/app/setup.ts';
import type { Book } from '../../src/coordinator/book.ts';
import type { Clock } from '../../src/coordinator/context.ts';
import { CoordError } from '../../src/errors.ts';
import { git } from './repo.ts';

/** Makes the book of an empty remote, as `init` does, and answers its id. `dir`: any repository, to push from. */
export async function makeBook(url: string, dir: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const book = randomUUID();
  const note = { v: 1, kind: 'format', book, at: new Date().toISOString() };
  const tree = await git(['hash-object', '-w', '-t', 'tree', '/dev/null'], { cwd: dir });
  const message = `format: a book of git-coord\n\n${JSON.stringify(note)}`;
  const commit = await git(['commit-tree', '-m', message, tree], { cwd: dir });
  const to = { cwd: dir, env: { ...process.env, ...env } };
  await git(['push', '--quiet', '--force', url, `${commit}:refs/coord/format`], to);
  return book;
}

export interface JoinOptions {
  readonly daemon?: 'auto' | 'off';
  readonly prefix?: string;
}

/** A new clone of `url` at `dir` that uses the book there; probed, as after `init`. */
export async function joinBook(url: string, dir: string, book: string, options: JoinOptions = {}): Promise<string> {
  await git(['init', '--quiet', '--template=', dir], { cwd: '/' });
  const settings = {
    'remote.origin.url': url,
    'coord.mode': 'remote',
    'coord.remote': 'origin',
    'coord.book': book,
    'coord.daemon': options.daemon ?? 'off',
  };
  for (const [key, value] of Object.entries(settings)) await git(['config', key, value], { cwd: dir });
  mkdirSync(join(dir, '.git/coord'));
  const address = addressOf(await readSetup({ cwd: dir, env: process.env }), 'origin');
  const profile = { address, trusted: true, atomic: true, deletes: true, nonFastForward: true, posts: true };
  writeFileSync(join(dir, '.git/coord/profile.json'), JSON.stringify(profile));
  return dir;
}

/** A new clone with an embedded book. */
export async function makeLocalBook(dir: string): Promise<string> {
  await git(['init', '--quiet', '--template=', dir], { cwd: '/' });
  const book = await makeBook(dir, dir);
  for (const [key, value] of Object.entries({ mode: 'local', book, daemon: 'off' }))
    await git(['config', `coord.${key}`, value], { cwd: dir });
  return dir;
}

export interface Agent {
  readonly app: App;
  readonly book: Book;
}

export interface AgentOptions {
  readonly agent?: string;
  readonly session?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
}

const opened: App[] = [];

/** An agent of that clone, in this process. `closeAgents` closes it. */
export async function openAgent(clone: string, options: AgentOptions = {}): Promise<Agent> {
  const { agent = 'agent-a', session = `s-${agent}` } = options;
  const env = { ...process.env, ...options.env, COORD_AGENT: agent, COORD_SESSION: session };
  const clock = options.clock === undefined ? {} : { clock: options.clock };
  const app = await openApp({ cwd: clone, env, warn: () => {}, ...clock });
  opened.push(app);
  return { app, book: openBookOn(app, process.pid, () => {}) };
}

export async function closeAgents(): Promise<void> {
  await Promise.all(opened.splice(0).map((app) => app.close()));
}

/** What became of a call: `ok`, or the code of its `CoordError`. Anything else is a defect and thrown on. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  const error = await errorOf(call);
  return error === null ? 'ok' : error.code;
}

export async function errorOf(call: Promise<unknown>): Promise<CoordError | null> {
  try {
    await call;
    return null;
  } catch (error) {
    if (error instanceof CoordError) return error;
    throw error;
  }
}

/** Time that passes `factor` times as fast: what takes a minute is waited for in a second or two. One for all clones of a test. */
export function fastClock(factor: number): Clock {
  const startMs = performance.now();
  const nowMs = () => 1e6 + (performance.now() - startMs) * factor;
  return {
    wall: () => new Date().toISOString(),
    monoMs: nowMs,
    bootMs: nowMs,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / factor)),
  };
}

/** Time that passes only when the test says so. */
export function handClock(): Clock & { pass(ms: number): void } {
  let nowMs = 1e6;
  return {
    wall: () => new Date().toISOString(),
    monoMs: () => nowMs,
    bootMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

/** The notes of a task's log on the remote, newest first. */
export async function taskNotes(
  bareDir: string,
  task: string,
): Promise<{ op: string; by: string; task: { term: number; state: string } }[]> {
  const text = await git(['log', '--format=%b%x00', `refs/board/${task}`], { cwd: bareDir });
  return text
    .split('\0')
    .filter((body) => body.trim() !== '')
    .map((body) => JSON.parse(body));
}

/** Transitions that began a tenure, as `term by agent`; doubles show a task that was held twice. */
export async function tenures(bareDir: string, task: string): Promise<string[]> {
  const begun = (await taskNotes(bareDir, task)).filter(({ op }) => op === 'claim' || op === 'take-over');
  return begun.reverse().map(({ task: { term }, by }) => `${term} ${by}`);
}

/** All commits, wherever they are in the repository, reachable or not. */
export async function countObjects(bareDir: string): Promise<number> {
  const out = await git(['cat-file', '--batch-all-objects', '--batch-check=%(objecttype)'], { cwd: bareDir });
  return out.split('\n').length;
}
