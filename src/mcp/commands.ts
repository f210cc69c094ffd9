import type { CoordError } from '../errors.ts';

/** What this surface is made of: the command line's own commands, so that both refuse, warn and count in the same way. */
export interface Commands {
  /**
   * Runs one in this process. `words`: what would be typed after `git coord`.
   * @throws CoordError as the command does; a defect is `internal`
   */
  run(words: readonly string[], tell: Tell): Promise<Answered>;
  /**
   * Tells what happens in the book, until the signal.
   * @throws CoordError `not-found` (no book here), `config`
   */
  watch(request: Watching): Promise<void>;
}

export interface Answered {
  readonly data: unknown;
  /** An answer that comes with a failure, as stale data when the remote is away. */
  readonly failure?: CoordError | undefined;
}

/** What is said beside an answer, in words. */
export interface Tell {
  notice(words: string): void;
  warn(words: string): void;
}

export interface Watching {
  readonly signal: AbortSignal;
  /** From here on nothing is missed. */
  readonly onBegin: () => void;
  /** The book can't be asked now; it goes on trying, and begins once it can. */
  readonly onAway: () => void;
  readonly onEvent: (event: Happened) => void;
}

/** Of an event, what says which resources have changed (docs/cli.md, "Events"). */
export interface Happened {
  readonly type: string;
  readonly by: string;
  readonly task: string | null;
  readonly data: unknown;
}
