import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type App, openApp } from '../app/open-app.ts';
import { readSetup, type Setup } from '../app/setup.ts';
import { configFileName, olderFileName } from '../config/file.ts';
import { withLent } from '../daemon-link/environment.ts';
import type { Log } from './log.ts';

/**
 * The book as the daemon has it open: with the configuration and the environment that hold now. Both change while it
 * runs; it is opened anew then, between two rounds.
 */
export class OpenBook {
  app: App;
  readonly #log: Log;
  /** Where the clone is looked for: the worktree that started us may be removed before the clone is. */
  readonly #folders: readonly string[];
  #env: NodeJS.ProcessEnv;
  #lent = false;
  #stamps: string;
  /** Called when it was opened anew with other settings, or for another place. */
  onChanged: () => void = () => {};
  #problem = '';

  /** @throws CoordError as `openApp` */
  static async open(cwd: string, env: NodeJS.ProcessEnv, log: Log): Promise<OpenBook> {
    const app = await openApp({ cwd, env, warn: (text) => log.warn(text) });
    return new OpenBook(app, cwd, env, log);
  }

  private constructor(app: App, cwd: string, env: NodeJS.ProcessEnv, log: Log) {
    const { commonDir } = app.clone;
    this.app = app;
    this.#env = env;
    this.#log = log;
    this.#folders = [cwd, ...(basename(commonDir) === '.git' ? [dirname(commonDir)] : []), commonDir];
    this.#stamps = this.#stampsNow();
    log.follow(app.config.monitoring);
  }

  /** Takes over what a command lent us; it is used from the next `refresh` on. */
  lend(env: Readonly<Record<string, string>>): void {
    const next = withLent(this.#env, env);
    if (next === null) return;
    // names only: values may be tokens
    const names = Object.keys(env).filter((name) => env[name] !== this.#env[name]);
    this.#log.info(`a command handed over its ${names.join(', ')}`);
    this.#env = next;
    this.#lent = true;
  }

  /**
   * Opens it anew where something changed. `ask`: what stands in files that we don't watch (the user's git configuration)
   * is read too. A configuration that can't be read is reported once, and the last one goes on.
   */
  async refresh(ask: boolean): Promise<void> {
    const stamps = this.#stampsNow();
    if (!this.#lent && !ask && stamps === this.#stamps) return;
    this.#stamps = stamps;
    const request = this.place;
    try {
      if (!this.#lent && settingsOf(await readSetup(request)) === settingsOf(this.app)) return;
      const last = this.app;
      this.app = await openApp({ ...request, warn: (text) => this.#log.warn(text) });
      this.#log.follow(this.app.config.monitoring);
      if (settingsOf(this.app) !== settingsOf(last)) this.#log.info('the configuration changed');
      if (placeOf(this.app) !== placeOf(last)) this.onChanged();
      this.#problem = '';
      await last.close();
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      if (words !== this.#problem) this.#log.warn(`goes on with the last configuration: ${words}`);
      this.#problem = words;
    } finally {
      this.#lent = false;
    }
  }

  /** From where and with what the book is opened. */
  get place(): { readonly cwd: string; readonly env: NodeJS.ProcessEnv } {
    return { cwd: this.#folder(), env: this.#env };
  }

  #folder(): string {
    return this.#folders.find((folder) => existsSync(folder)) ?? this.app.clone.commonDir;
  }

  #stampsNow(): string {
    const { topLevel, commonDir, gitDir } = this.app.clone;
    const shared = topLevel === null ? [] : [configFileName, olderFileName].map((name) => join(topLevel, name));
    const files = [...shared, join(commonDir, 'config'), join(gitDir, 'config.worktree')];
    return files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? '-').join(' ');
  }
}

/** What a book that somebody else has open depends on: not each branch that is made, which git notes in its configuration too. */
const placeOf = ({ config, book, clone }: App): string =>
  JSON.stringify([config, book, [...clone.gitConfig].filter(([key]) => /^(?:remote|url|http)\./.test(key))]);

function settingsOf({ config, clone }: Setup): string {
  return JSON.stringify([config, [...clone.gitConfig]]);
}
