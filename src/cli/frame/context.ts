import type { CoordError } from '../../errors.ts';
import type { Style } from './style.ts';

export interface Terminal {
  readonly isTty: boolean;
  /** How wide a line may be; no limit (Infinity) where the output is no terminal. */
  readonly columns: number;
  readonly color: boolean;
}

/** What a command gets of the world that it runs in. */
export interface Context {
  /** The arguments as they were typed, without node and script. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The current folder, with `-C` applied. */
  readonly cwd: string;
  /** Of standard output. */
  readonly terminal: Terminal;
  readonly style: Style;
  readonly json: boolean;
  readonly quiet: boolean;
  /** `--agent`, unchecked. */
  readonly agent: string | undefined;
  /** Writes to standard output at once, for live tables; an answer is returned instead. Nothing happens once the reader is gone. */
  write(text: string): void;
  /** Resolves when standard output takes more: waited for by whoever writes for long. */
  room(): Promise<void>;
  /** A line for people on standard error; not with `--quiet`. */
  notice(text: string): void;
  /** A line for people on standard error that begins with `warning:`. */
  warn(text: string): void;
  /** Aborted when whoever read our output has gone (`| head`). */
  readonly outputClosed: AbortSignal;
}

/** What a command answers. The frame prints it: `data` as JSON, or `text` for people. */
export interface Answer {
  readonly data: unknown;
  /** Empty: nothing to print. A getter where it is long: with `--json` it isn't asked for. */
  readonly text: string;
  /** The exit status when it isn't 0 though nothing failed, as that of the command that `lock` ran. */
  readonly exitCode?: number;
  /** An answer that comes with a failure, as stale data when the remote is away: both are shown. */
  readonly failure?: CoordError;
}
