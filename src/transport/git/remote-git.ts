/** Runs git in the store against the remote, with the clone's configuration and nothing of the user's hooks. */

import { existsSync } from 'node:fs';
import type { ConfigEntry } from '../git-config.ts';
import { type GitRequest, type GitResult, gitEnvironment, runGit } from '../git-process.ts';
import type { ForeignObjects } from '../port.ts';
import { type CloneConfig, readCloneConfig } from './clone-config.ts';

export interface RemoteGitOptions {
  readonly store: string;
  readonly cloneGitDir: string;
  readonly cloneTop: string;
  readonly env: NodeJS.ProcessEnv;
  /** The clone's configuration as it was read when this was opened. */
  readonly entries?: readonly ConfigEntry[] | undefined;
  /** For one request to the remote. */
  readonly timeoutMs: number;
}

interface RemoteRequest extends Pick<GitRequest, 'input' | 'outputBytesMax'> {
  /** Lent to this one process. */
  readonly foreign?: ForeignObjects | undefined;
}

/** Settings of the user's that would change what our commands do. */
const fixedConfig = [
  'core.hooksPath=/dev/null',
  'protocol.version=2',
  'push.pushOption=',
  'push.negotiate=false',
  'fetch.writeCommitGraph=false',
  'fetch.fsckObjects=false',
];

export class RemoteGit {
  readonly #options: RemoteGitOptions;
  #config: Promise<CloneConfig> | undefined;
  #entries: readonly ConfigEntry[] | undefined;

  constructor(options: RemoteGitOptions) {
    this.#options = options;
    this.#entries = options.entries;
  }

  /**
   * Runs one command in the clone's top folder, where relative URLs and paths begin.
   * @throws CoordError `config` when the clone's configuration can't be read
   */
  async run(args: readonly string[], { foreign, ...more }: RemoteRequest = {}): Promise<GitResult> {
    const { store, cloneTop, env, timeoutMs } = this.#options;
    const config = await this.#cloneConfig();
    const settings = config.limitsSlowHttp ? fixedConfig : [...fixedConfig, ...slowHttpLimits(timeoutMs)];
    const extra = foreign === undefined ? config.variables : { ...config.variables, ...lend(foreign) };
    const flags = settings.flatMap((setting) => ['-c', setting]);
    const located = [`--git-dir=${store}`, '--no-replace-objects', ...flags, ...args];
    return runGit(located, { cwd: cloneTop, env: gitEnvironment(env, extra), timeoutMs, ...more });
  }

  /** The clone's configuration. @throws CoordError `config` */
  async entries(): Promise<readonly ConfigEntry[]> {
    return (await this.#cloneConfig()).entries;
  }

  /** Has the configuration read again before the next command: after a failure, a token may have been renewed there. */
  forgetConfig(): void {
    this.#config = undefined;
    this.#entries = undefined;
  }

  #cloneConfig(): Promise<CloneConfig> {
    const { store, cloneGitDir, cloneTop, env, timeoutMs } = this.#options;
    this.#config ??= readCloneConfig({
      ...{ store, cloneGitDir, cloneTop, timeoutMs },
      env: gitEnvironment(env),
      entries: this.#entries,
    });
    this.#config.catch(() => this.forgetConfig());
    return this.#config;
  }
}

/** Without them git waits for a lost HTTP reply for ever (trap 17). */
function slowHttpLimits(timeoutMs: number): string[] {
  return ['http.lowSpeedLimit=1', `http.lowSpeedTime=${Math.max(1, Math.floor(timeoutMs / 2000))}`];
}

/** The clone's objects and its shallow file, for this one process. */
function lend({ objectDirectory, shallowFile }: ForeignObjects): NodeJS.ProcessEnv {
  // a list separated by colons, in which a name may be quoted as in C
  const quoted = /[:"\\]/.test(objectDirectory) ? `"${objectDirectory.replace(/["\\]/g, '\\$&')}"` : objectDirectory;
  const shallow = existsSync(shallowFile) ? { GIT_SHALLOW_FILE: shallowFile } : {};
  return { GIT_ALTERNATE_OBJECT_DIRECTORIES: quoted, ...shallow };
}
