import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from './process-identity.ts';

/** `coord/daemon.json`: which process is the daemon of this store, and where it listens. Also its lock: made with O_EXCL. */
export interface DaemonFile extends ProcessIdentity {
  /** The path of its unix socket. */
  readonly socket: string;
  /** For people: ISO 8601, UTC. */
  readonly startedAt: string;
  readonly version: string;
}

export const daemonFilePath = (coordDir: string): string => join(coordDir, 'daemon.json');

/** What a daemon and whoever started it write for people. */
export const daemonLogPath = (coordDir: string): string => join(coordDir, 'daemon.log');

/** Null where there is none. */
export function readDaemonText(coordDir: string): string | null {
  try {
    return readFileSync(daemonFilePath(coordDir), 'utf8');
  } catch {
    return null;
  }
}

/** Null for a text that is none, as one that is still being written. */
export function parseDaemonFile(text: string | null): DaemonFile | null {
  try {
    const { pid, start, boot, namespace, socket, startedAt, version } = JSON.parse(text ?? '') as DaemonFile;
    const words = [start, boot, namespace, socket, startedAt, version];
    if (!Number.isInteger(pid) || pid <= 0 || words.some((word) => typeof word !== 'string')) return null;
    return { pid, start, boot, namespace, socket, startedAt, version };
  } catch {
    return null;
  }
}
