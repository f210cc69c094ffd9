/** Real daemons: the command line, bundled for the test alone, in clones of a bare remote that notes every push. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type App, openApp } from '../../src/app/open-app.ts';
import { ownerGone, ownerIsOther, ownerProcess } from '../../src/config/owner.ts';
import { processFacts } from '../../src/config/sessions.ts';
import { claimTask } from '../../src/coordinator/claim-task.ts';
import { startDaemon } from '../../src/daemon-link/control-daemon.ts';
import { type DaemonFile, parseDaemonFile, readDaemonText } from '../../src/daemon-link/daemon-file.ts';
import type { DaemonStatus } from '../../src/daemon-link/messages.ts';
import { wakeDaemon } from '../../src/daemon-link/wake-daemon.ts';
import { joinBook, makeBook } from './book.ts';
import { git, makeBareRepo, makeScratch } from './repo.ts';
import { waitFor } from './wait-for.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface BuiltCli {
  readonly entry: string;
  remove(): void;
}

/** `version` is what the bundle takes itself for; this process takes itself for `0.0.0-dev`. */
export async function buildCli(version = '0.0.0-dev'): Promise<BuiltCli> {
  const outdir = mkdtempSync(join(tmpdir(), 'coord-cli-'));
  await promisify(execFile)(process.execPath, [join(root, 'scripts/bundle-command-line.mjs'), outdir, version]);
  return { entry: join(outdir, 'main.cjs'), remove: () => rmSync(outdir, { recursive: true, force: true }) };
}

export interface DaemonWorld {
  readonly dir: string;
  readonly bareDir: string;
  /** A new clone that joined the book. */
  clone(name?: string): Promise<TestClone>;
  /** One number for each push that the remote has taken: how many refs it moved. */
  pushes(): number[];
  /** Ends all daemons and processes, and removes everything. */
  close(): Promise<void>;
}

export async function makeDaemonWorld(entry: string): Promise<DaemonWorld> {
  const scratch = await makeScratch();
  const bareDir = await makeBareRepo(join(scratch.dir, 'remote.git'));
  const pushLog = join(scratch.dir, 'pushes');
  const hook = join(bareDir, 'hooks/post-receive');
  const book = await makeBook(bareDir, bareDir);
  await writeFile(hook, `#!/bin/sh\necho $(wc -l) >>'${pushLog}'\n`);
  await chmod(hook, 0o755);
  const clones: TestClone[] = [];
  return {
    dir: scratch.dir,
    bareDir,
    async clone(name = `clone${clones.length + 1}`) {
      const dir = await joinBook(bareDir, join(scratch.dir, name), book, { daemon: 'auto' });
      const clone = new TestClone(dir, entry);
      clones.push(clone);
      return clone;
    },
    pushes: () => (existsSync(pushLog) ? readFileSync(pushLog, 'utf8').trim().split('\n').map(Number) : []),
    async close() {
      for (const clone of clones) await clone.close();
      await scratch.remove();
    },
  };
}

export class TestClone {
  readonly dir: string;
  readonly coordDir: string;
  readonly env: NodeJS.ProcessEnv = { ...process.env, COORD_MONITORING_LOG_LEVEL: 'debug' };
  readonly #entry: string;
  readonly #opened: App[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #daemons = new Map<number, string>();

  constructor(dir: string, entry: string) {
    this.dir = dir;
    this.coordDir = join(dir, '.git/coord');
    this.#entry = entry;
  }

  async app(agent = 'agent-a'): Promise<App> {
    const env = { ...this.env, COORD_AGENT: agent, COORD_SESSION: `s-${agent}` };
    const app = await openApp({ cwd: this.dir, env, warn: () => {} });
    this.#opened.push(app);
    return app;
  }

  /** Claims tasks in this process, one after the other. @param ownerPid the process that they live with */
  async claim(tasks: readonly string[], { ttlMs = 20_000, ownerPid = 0 } = {}): Promise<void> {
    const app = this.#opened[0] ?? (await this.app());
    for (const task of tasks) {
      await claimTask(app.context, app.who, task, {
        ttlMs,
        force: false,
        create: true,
        owner: ownerPid === 0 ? null : ownerProcess(ownerPid),
        ownerIsOther: (owner) => ownerIsOther(owner, process.pid),
        ownerIsGone: ownerGone,
        command: `git coord claim ${task}`,
      });
    }
  }

  /** Waits until it answers. */
  async start(env: NodeJS.ProcessEnv = {}): Promise<DaemonStatus> {
    const request = { coordDir: this.coordDir, cwd: this.dir, env: { ...this.env, ...env }, entry: this.#entry };
    const status = await startDaemon(request);
    this.#remember();
    return status;
  }

  async wake(env: NodeJS.ProcessEnv = {}): Promise<void> {
    const { coordDir, dir: cwd } = this;
    const words = await wakeDaemon({ coordDir, cwd, env: { ...this.env, ...env }, entry: this.#entry });
    if (words !== null) throw new Error(words);
  }

  /** Runs `git coord daemon <action>` to its end. */
  async command(action: string, env: NodeJS.ProcessEnv = {}): Promise<{ status: number | null; out: string }> {
    const child = this.spawn(process.execPath, [this.#entry, 'daemon', action, '--json'], env);
    let out = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    this.#remember();
    return { status, out };
  }

  spawn(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn(command, args, {
      cwd: this.dir,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    return child;
  }

  file(): DaemonFile | null {
    this.#remember();
    return parseDaemonFile(readDaemonText(this.coordDir));
  }

  log(): string {
    const path = join(this.coordDir, 'daemon.log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  logged(text: string | RegExp, deadlineMs = 15_000): Promise<unknown> {
    const found = () => (typeof text === 'string' ? this.log().includes(text) : text.test(this.log()));
    return waitFor(found, { deadlineMs, what: `${text} in the log` }).catch((error: Error) => {
      throw new Error(`${error.message}; it says\n${this.log()}`);
    });
  }

  refs(remote: string, pattern: string): Promise<string> {
    return git(['for-each-ref', '--format=%(refname) %(objectname)', pattern], { cwd: remote });
  }

  #remember(): void {
    const file = parseDaemonFile(readDaemonText(this.coordDir));
    if (file !== null) this.#daemons.set(file.pid, file.start);
  }

  /** Kills what still runs, each only while it is the process that it was. */
  async close(): Promise<void> {
    this.#remember();
    for (const child of this.#children) child.kill('SIGKILL');
    for (const [pid, start] of this.#daemons) if (isProcess(pid, start)) process.kill(pid, 'SIGKILL');
    for (const [pid, start] of this.#daemons)
      await waitFor(() => !isProcess(pid, start), { what: `process ${pid} is gone` });
    for (const app of this.#opened.splice(0)) await app.close();
  }
}

/** One that has ended and wasn't waited for yet counts as gone. */
export function isRunning(pid: number): boolean {
  return (processFacts(pid)?.state ?? 'Z') !== 'Z';
}

function isProcess(pid: number, start: string): boolean {
  const facts = processFacts(pid);
  return facts !== null && facts.start === start && facts.state !== 'Z';
}
