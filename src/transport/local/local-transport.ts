/**
 * The embedded book: the refs of the clone itself, moved by one `git update-ref --stdin` transaction for each request
 * (protocol 4, "Embedded"). Refs are never read or written as files, so every ref backend will do.
 *
 * How a transaction ends: both replies came (applied), git ended with words that tell (conflict, refused), or it ended
 * or was ended without them (unknown). After a failure git's process ends, and the next request starts another (trap 11).
 */
import { join } from 'node:path';
import { CoordError } from '../../errors.ts';
import { checkPatterns, checkUpdates } from '../check-updates.ts';
import { gitEnvironment } from '../git-process.ts';
import { writeLooseObjects } from '../objects/write-loose.ts';
import type { Oid, RefAnswer, RefList, RefUpdate, SwapOptions, SwapReport, Transport } from '../port.ts';
import { classifyFailure, locksNamed } from './classify.ts';
import { Coprocess, CoprocessEnded, type CoprocessOptions } from './coprocess.ts';
import { plainWords } from './plain-words.ts';
import { Reader } from './reader.ts';

/** How long git itself, with jitter, tries for a lock that another local writer holds. */
const lockWaitMs = 1000;

export interface LocalTransportOptions {
  /** The common git folder, which all worktrees share. */
  readonly gitDir: string;
  readonly objectFormat: 'sha1' | 'sha256';
  readonly env: NodeJS.ProcessEnv;
  /** For one request to git. */
  readonly timeoutMs: number;
}

export function createLocalTransport(options: LocalTransportOptions): Transport {
  return new LocalTransport(options);
}

class LocalTransport implements Transport {
  readonly objectFormat: 'sha1' | 'sha256';
  readonly #objectDirectory: string;
  readonly #reader: Reader;
  readonly #updateRef: Coprocess;

  constructor({ gitDir, objectFormat, env, timeoutMs }: LocalTransportOptions) {
    const options: CoprocessOptions = { gitDir, env: gitEnvironment(env), timeoutMs };
    this.objectFormat = objectFormat;
    this.#objectDirectory = join(gitDir, 'objects');
    this.#reader = new Reader(options);
    this.#updateRef = new Coprocess(updateRefArgs(), options);
  }

  async list(patterns: readonly string[]): Promise<RefList> {
    checkPatterns(patterns);
    return { refs: await this.#reader.refs(patterns), wentBack: new Set() };
  }

  values(refs: readonly string[]) {
    checkPatterns(refs);
    return this.#reader.exactRefs(refs);
  }

  read(oids: readonly Oid[]) {
    return this.#reader.commits(oids);
  }

  trees(oids: readonly Oid[]) {
    return this.#reader.trees(oids);
  }

  async compareAndSwap(updates: readonly RefUpdate[], options: SwapOptions): Promise<SwapReport> {
    checkUpdates(updates, this.objectFormat);
    try {
      await writeLooseObjects(this.#objectDirectory, this.objectFormat, options.objects);
    } catch (error) {
      if (error instanceof CoordError && error.code === 'unavailable')
        return settled(updates, 'refused', error.message);
      throw error;
    }
    if (options.atomic) return this.#transaction(updates);
    const reports: SwapReport[] = [];
    for (const update of updates) reports.push(await this.#transaction([update]));
    return merged(reports);
  }

  async #transaction(updates: readonly RefUpdate[]): Promise<SwapReport> {
    try {
      await this.#updateRef.exchange(transactionInput(updates, this.objectFormat), async (reply) => {
        await reply.line(); // start: ok
        await reply.line(); // commit: ok
      });
      return settled(updates, 'applied', '');
    } catch (error) {
      if (error instanceof CoprocessEnded) {
        const words = plainWords(error.stderr) || error.message;
        const answer = error.timedOut ? 'unknown' : classifyFailure(error.stderr);
        return settled(updates, answer, words, locksNamed(error.stderr));
      }
      if (error instanceof CoordError && error.code === 'unavailable') return settled(updates, 'unsent', error.message);
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#reader.close(), this.#updateRef.close()]);
  }
}

function updateRefArgs(): string[] {
  const config = {
    // a user's reference-transaction hook could veto every beat
    'core.hooksPath': '/dev/null',
    // none for the book: its refs are outside the folders that `true` means
    'core.logAllRefUpdates': 'true',
    'core.filesRefLockTimeout': String(lockWaitMs),
    'core.packedRefsTimeout': String(lockWaitMs),
  };
  const flags = Object.entries(config).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  return [...flags, 'update-ref', '--no-deref', '--stdin', '-z'];
}

/** One transaction, without `prepare`: a process that is killed between the two would leave its locks for good (trap 11). */
function transactionInput(updates: readonly RefUpdate[], objectFormat: 'sha1' | 'sha256'): string {
  const absent = '0'.repeat(objectFormat === 'sha1' ? 40 : 64);
  const lines = updates.map(({ ref, from, to }) =>
    to === null ? `delete ${ref}\0${from}\0` : `update ${ref}\0${to}\0${from ?? absent}\0`,
  );
  return `start\0${lines.join('')}commit\0`;
}

function settled(
  updates: readonly RefUpdate[],
  answer: RefAnswer,
  message: string,
  locks: readonly string[] = [],
): SwapReport {
  return { answers: new Map(updates.map(({ ref }) => [ref, answer])), message, locks };
}

function merged(reports: readonly SwapReport[]): SwapReport {
  return {
    answers: new Map(reports.flatMap(({ answers }) => [...answers])),
    message: plainWords(reports.map(({ message }) => message).join('\n')),
    locks: [...new Set(reports.flatMap(({ locks }) => locks))],
  };
}
