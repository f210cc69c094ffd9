/**
 * What goes over the daemon's socket: one request and one reply, each JSON in one line.
 *
 *   status   → DaemonStatus
 *   wake     → DaemonStatus; it looks at `coord/held` at once. `env`: the caller's, as far as git needs it to get in.
 *              `watchMs`: how long the caller waits for somebody else's claim, in which the daemon stays and watches.
 *   stop     → DaemonStatus; it ends after its round.
 */
export type DaemonRequest =
  | { readonly op: 'status' }
  | { readonly op: 'stop' }
  | { readonly op: 'wake'; readonly env: Readonly<Record<string, string>>; readonly watchMs: number };

export interface DaemonStatus {
  readonly pid: number;
  readonly version: string;
  readonly startedAt: string;
  /** How many claims it keeps alive. */
  readonly claims: number;
  /** When the remote last confirmed a beat; null: not yet. */
  readonly lastBeatAt: string | null;
  readonly rssBytes: number;
}

/** Either way. A longer line is not read to its end. */
export const lineBytesMax = 64 * 1024;
