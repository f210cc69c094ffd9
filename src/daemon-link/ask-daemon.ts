import { connect, type Socket } from 'node:net';
import { type DaemonRequest, type DaemonStatus, lineBytesMax } from './messages.ts';

/** `refused`: nobody listens there. `silent`: somebody does, and gave no answer in time. */
export type Asked =
  | { readonly kind: 'answered'; readonly status: DaemonStatus }
  | { readonly kind: 'refused' }
  | { readonly kind: 'silent' };

/** Asks a daemon and waits for its answer. Never fails. */
export function askDaemon(socketPath: string, request: DaemonRequest, timeoutMs: number): Promise<Asked> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let text = '';
    let connected = false;
    const finish = (asked: Asked) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(asked);
    };
    const timer = setTimeout(() => finish({ kind: 'silent' }), timeoutMs);
    socket.on('connect', () => {
      connected = true;
      socket.write(lineOf(request));
    });
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const status = text.includes('\n') ? parseStatus(text) : undefined;
      if (status) finish({ kind: 'answered', status });
      else if (status === null || text.length > lineBytesMax) finish({ kind: 'silent' });
    });
    // after a timeout there is nothing more to tell
    socket.on('error', () => finish({ kind: connected ? 'silent' : 'refused' }));
    socket.on('close', () => finish({ kind: 'silent' }));
  });
}

/**
 * Hands a request over without waiting for what becomes of it. False: nobody listens there.
 * @param timeoutMs after which a daemon that takes nothing is left alone; it looks by itself, later
 */
export function tellDaemon(socketPath: string, request: DaemonRequest, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect(socketPath);
    const finish = (told: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(told);
    };
    const timer = setTimeout(() => finish(true), timeoutMs);
    socket.on('error', () => finish(false));
    socket.write(lineOf(request), () => finish(true));
  });
}

function lineOf(request: DaemonRequest): string {
  return `${JSON.stringify(request)}\n`;
}

function parseStatus(line: string): DaemonStatus | null {
  try {
    const reply = JSON.parse(line) as { ok: boolean; status: DaemonStatus };
    return reply.ok ? reply.status : null;
  } catch {
    return null;
  }
}
