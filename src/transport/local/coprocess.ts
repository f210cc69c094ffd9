/**
 * A git process that answers request after request, started at the first one and again after it ended. Requests take
 * turns, because replies carry no tag (trap 11). While nothing is asked it does not keep this process alive.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { Socket } from 'node:net';
import { CoordError } from '../../errors.ts';
import { endGroup, killGroup, spawnFailure, spawnGit } from '../git-process.ts';

const stderrBytesMax = 16 * 1024;
/** How long the last words of an ended process are waited for, where something else holds its pipes. */
const drainMs = 1000;
const closeMs = 2000;
const lineFeed = 10;

/** The process ended, or was ended for its time, before its reply was complete. */
export class CoprocessEnded extends Error {
  readonly stderr: string;
  readonly timedOut: boolean;

  constructor(stderr: string, timedOut: boolean) {
    super(timedOut ? 'git did not answer in time' : `git ended: ${stderr}`);
    this.stderr = stderr;
    this.timedOut = timedOut;
  }
}

/** What a request reads its reply with. */
export interface Reply {
  line(): Promise<string>;
  bytes(count: number): Promise<Buffer>;
}

export interface CoprocessOptions {
  readonly gitDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

export class Coprocess {
  readonly #args: readonly string[];
  readonly #options: CoprocessOptions;
  #running: Running | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(args: readonly string[], options: CoprocessOptions) {
    this.#args = args;
    this.#options = options;
  }

  /**
   * Sends `input` and has `read` read exactly its reply.
   * @throws CoprocessEnded; CoordError `unavailable` when git could not be started: then nothing was sent
   */
  exchange<T>(input: string, read: (reply: Reply) => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => this.#exchangeNow(input, read));
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Starts the process, for a request that comes soon. One that can't be started fails then. */
  begin(): void {
    const begun = this.#turn.then(async () => (await this.#started()).unref());
    this.#turn = begun.catch(() => {});
  }

  async #started(): Promise<Running> {
    if (this.#closed) throw new CoordError('internal', 'the transport is closed');
    if (this.#running !== undefined && !this.#running.ended) return this.#running;
    const running = new Running(this.#args, this.#options);
    this.#running = running;
    await running.started;
    return running;
  }

  async #exchangeNow<T>(input: string, read: (reply: Reply) => Promise<T>): Promise<T> {
    const running = await this.#started();
    running.ref();
    const timer = setTimeout(() => running.expire(), this.#options.timeoutMs);
    try {
      running.write(input);
      return await read(running);
    } catch (error) {
      // what is left of a reply that was not understood must not be taken for the next one's
      running.kill();
      throw error;
    } finally {
      clearTimeout(timer);
      running.unref();
    }
  }

  get isRunning(): boolean {
    return this.#running !== undefined && !this.#running.ended;
  }

  /** Lets the request under way finish, then ends the process. */
  async close(): Promise<void> {
    await this.#turn;
    this.#closed = true;
    await this.#running?.close();
  }
}

class Running implements Reply {
  readonly started: Promise<void>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #gone: Promise<void>;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #stderr = '';
  #timedOut = false;
  #wake: () => void = () => {};
  ended = false;

  constructor(args: readonly string[], { gitDir, env }: CoprocessOptions) {
    const child = spawnGit(args, { gitDir, env });
    this.#child = child;
    this.started = new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(spawnFailure(error, gitDir)));
    });
    this.#gone = new Promise((resolve) => {
      const end = () => {
        this.ended = true;
        this.#wake();
        resolve();
      };
      child.once('close', end);
      child.once('error', end);
      child.once('exit', () => setTimeout(end, drainMs).unref());
    });
    child.stdin.on('error', () => {});
    child.stdout.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#buffered += chunk.length;
      this.#wake();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(0, stderrBytesMax);
    });
  }

  write(input: string): void {
    // warnings of earlier requests are not the reason why this one fails
    this.#stderr = '';
    this.#child.stdin.write(input);
  }

  async line(): Promise<string> {
    for (;;) {
      if (this.#chunks.some((chunk) => chunk.includes(lineFeed))) {
        const all = this.#joined();
        const end = all.indexOf(lineFeed);
        this.#keep(all.subarray(end + 1));
        return all.toString('utf8', 0, end);
      }
      await this.#more();
    }
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#buffered < count) await this.#more();
    const all = this.#joined();
    this.#keep(all.subarray(count));
    return all.subarray(0, count);
  }

  #joined(): Buffer {
    const [only] = this.#chunks;
    return this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#buffered = rest.length;
  }

  async #more(): Promise<void> {
    if (this.ended) throw new CoprocessEnded(this.#stderr, this.#timedOut);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  expire(): void {
    this.#timedOut = true;
    endGroup(this.#child);
  }

  kill(): void {
    if (this.ended) return;
    this.ended = true;
    endGroup(this.#child);
  }

  ref(): void {
    this.#child.ref();
    for (const pipe of this.#pipes()) pipe.ref();
  }

  unref(): void {
    this.#child.unref();
    for (const pipe of this.#pipes()) pipe.unref();
  }

  #pipes(): Socket[] {
    const { stdin, stdout, stderr } = this.#child;
    return [stdin, stdout, stderr].filter((pipe) => pipe instanceof Socket);
  }

  /** Ends it at the end of its input, or by force. */
  async close(): Promise<void> {
    if (this.#child.pid === undefined) return;
    this.ref();
    this.#child.stdin.end();
    const timer = setTimeout(() => killGroup(this.#child, 'SIGKILL'), closeMs);
    await this.#gone;
    clearTimeout(timer);
  }
}
