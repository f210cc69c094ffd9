import { appendFileSync, renameSync, statSync } from 'node:fs';
import { pid } from 'node:process';
import { daemonLogPath } from '../daemon-link/daemon-file.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/**
 * `coord/daemon.log`: a line for each event, for people, or one JSON document for what collects logs (`time`, `level`, `pid`,
 * `msg`). One older file is kept beside it.
 */
export interface Log {
  /** How it is to be written from now on. */
  follow(monitoring: LogSettings): void;
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

export type LogSettings = { readonly logLevel: Level; readonly logFormat: 'text' | 'json' };

export interface LogOptions {
  readonly coordDir: string;
  readonly wall: () => string;
  /** Each line is handed to it too: whoever runs the daemon in the foreground sees it. */
  readonly show: (line: string) => void;
  readonly bytesMax?: number;
}

const order: readonly Level[] = ['debug', 'info', 'warn', 'error'];
const bytesMaxDefault = 1024 * 1024;
const lineCharsMax = 2000;

/** A log that can't be written (disk full, folder gone) is no reason to stop keeping claims: the line is dropped. */
export function openLog({ coordDir, wall, show, bytesMax = bytesMaxDefault }: LogOptions): Log {
  const path = daemonLogPath(coordDir);
  let { logLevel, logFormat }: LogSettings = { logLevel: 'info', logFormat: 'text' };
  const log: Log = {
    follow: (monitoring) => {
      ({ logLevel, logFormat } = monitoring);
    },
    debug: (text: string) => write('debug', text),
    info: (text: string) => write('info', text),
    warn: (text: string) => write('warn', text),
    error: (text: string) => write('error', text),
  };
  function write(level: Level, text: string): void {
    if (order.indexOf(level) < order.indexOf(logLevel)) return;
    const [time, msg] = [wall(), plain(text)];
    const line = logFormat === 'json' ? JSON.stringify({ time, level, pid, msg }) : `${time} ${level.padEnd(5)} ${msg}`;
    show(`${line}\n`);
    try {
      rotate();
      appendFileSync(path, `${line}\n`);
    } catch {
      // the next line may fit
    }
  }
  function rotate(): void {
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size >= bytesMax) renameSync(path, `${path}.1`);
  }
  return log;
}

/** What servers and other people say, without what a terminal would obey. */
function plain(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ').slice(0, lineCharsMax);
}
