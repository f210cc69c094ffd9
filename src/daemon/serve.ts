import { chmodSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { type DaemonRequest, type DaemonStatus, lineBytesMax } from '../daemon-link/messages.ts';

export interface Handlers {
  status(): DaemonStatus;
  wake(env: Readonly<Record<string, string>>, watchMs: number): void;
  stop(): void;
}

const connectionsMax = 64;
const connectionTimeoutMs = 2000;

/**
 * Listens for whoever may open the socket: this user alone. It is bound beside its place and renamed, so that it is
 * never there with other rights, replaces what a killed daemon left, and, when it closes, doesn't take away the socket
 * of a daemon that came after it.
 * @throws Error when it can't listen
 */
export async function serve(place: string, handlers: Handlers): Promise<Server> {
  const beside = join(dirname(place), `d${process.pid}`);
  rmSync(beside, { force: true });
  const server = createServer((socket) => receive(socket, handlers));
  server.maxConnections = connectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(beside, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // such as no more file descriptors: whoever couldn't connect asks again
  server.on('error', () => {});
  chmodSync(beside, 0o600);
  renameSync(beside, place);
  return server;
}

/** One line in, one line out. */
function receive(socket: Socket, handlers: Handlers): void {
  let text = '';
  socket.setTimeout(connectionTimeoutMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end >= 0) {
      socket.pause();
      socket.end(`${JSON.stringify(answer(text.slice(0, end), handlers))}\n`);
    } else if (text.length > lineBytesMax) socket.destroy();
  });
}

function answer(line: string, handlers: Handlers): { ok: true; status: DaemonStatus } | { ok: false } {
  const request = parse(line);
  if (request === null) return { ok: false };
  if (request.op === 'wake') handlers.wake(request.env, request.watchMs);
  if (request.op === 'stop') handlers.stop();
  return { ok: true, status: handlers.status() };
}

function parse(line: string): DaemonRequest | null {
  try {
    const { op, env, watchMs } = JSON.parse(line) as { op: unknown; env?: unknown; watchMs?: unknown };
    if (op === 'status' || op === 'stop') return { op };
    if (op !== 'wake' || typeof env !== 'object' || env === null || typeof watchMs !== 'number') return null;
    const texts = Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return { op, env: Object.fromEntries(texts), watchMs };
  } catch {
    return null;
  }
}
