/** A TCP proxy on loopback that makes faults: delay, cut, reset, a lost reply, a late delivery. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What happens to a connection; read anew for each chunk, so that a test may change it at any time. */
export interface ProxyFaults {
  delayToServerMs: number;
  delayToClientMs: number;
  /** The connection is cut after this many bytes of the answer. */
  cutAnswerAfterBytes: number | null;
  /** Cuts are resets (RST) instead of an orderly end. */
  reset: boolean;
  /** New connections are reset at once. */
  refuse: boolean;
  /**
   * The lost reply: once `request` has gone by towards the server, nothing that it says on that connection is passed
   * on, and the client's side is cut when it has said `reply` (its work is done then).
   */
  loseReply: { readonly request: string; readonly reply: string } | null;
  /** The late delivery: from this text on a connection's bytes are kept until `deliver()`, also when the client is gone. */
  holdFrom: string | null;
}

export interface TcpProxy {
  readonly port: number;
  readonly faults: ProxyFaults;
  /** Connections so far. */
  readonly connections: number;
  /** Replies that were swallowed so far. */
  readonly lostReplies: number;
  /** Bytes that are held back now. */
  readonly heldBytes: number;
  /** Passes on what was held, and holds nothing any more. */
  deliver(): void;
  stop(): Promise<void>;
}

const heldBytesMax = 16 * 1024 * 1024;
const noFaults: ProxyFaults = {
  delayToServerMs: 0,
  delayToClientMs: 0,
  cutAnswerAfterBytes: null,
  reset: false,
  refuse: false,
  loseReply: null,
  holdFrom: null,
};

export async function startTcpProxy(target: { readonly targetPort: number }): Promise<TcpProxy> {
  const proxy = new FaultProxy(target.targetPort);
  await proxy.listen();
  return proxy;
}

class FaultProxy implements TcpProxy {
  readonly faults: ProxyFaults = { ...noFaults };
  connections = 0;
  lostReplies = 0;
  #held: { readonly to: Socket; readonly chunk: Buffer }[] = [];
  /** Connections whose client is gone while bytes of it are held. */
  readonly #abandoned = new Set<Socket>();
  readonly #sockets = new Set<Socket>();
  readonly #targetPort: number;
  readonly #server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get heldBytes(): number {
    return this.#held.reduce((sum, { chunk }) => sum + chunk.length, 0);
  }

  deliver(): void {
    this.faults.holdFrom = null;
    for (const { to, chunk } of this.#held) to.write(chunk);
    this.#held = [];
    for (const socket of this.#abandoned) socket.end();
    this.#abandoned.clear();
  }

  stop(): Promise<void> {
    this.#held = [];
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #accept(client: Socket): void {
    this.connections += 1;
    this.#track(client);
    if (this.faults.refuse) {
      client.resetAndDestroy();
      return;
    }
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true });
    this.#track(server);
    let losesReply = false;
    let holds = false;
    client.on('data', (chunk: Buffer) => {
      const { loseReply, holdFrom } = this.faults;
      if (loseReply !== null && chunk.includes(loseReply.request)) losesReply = true;
      if (holdFrom !== null && chunk.includes(holdFrom)) holds = true;
      if (holds && this.faults.holdFrom !== null) this.#hold(server, chunk);
      else this.#pass(server, chunk, this.faults.delayToServerMs);
    });
    let answered = 0;
    server.on('data', (chunk: Buffer) => {
      if (losesReply) {
        if (this.faults.loseReply !== null && !chunk.includes(this.faults.loseReply.reply)) return;
        this.lostReplies += 1;
        this.#cut(client);
        return;
      }
      const { cutAnswerAfterBytes } = this.faults;
      const left = cutAnswerAfterBytes === null ? chunk.length : Math.max(0, cutAnswerAfterBytes - answered);
      answered += chunk.length;
      this.#pass(client, chunk.subarray(0, left), this.faults.delayToClientMs);
      if (left < chunk.length) this.#cut(client);
    });
    client.on('end', () => this.#endLater(server, this.faults.delayToServerMs));
    server.on('end', () => this.#endLater(client, this.faults.delayToClientMs));
    server.on('close', () => client.destroy());
    client.on('close', () => this.#endLater(server, this.faults.delayToServerMs));
  }

  #hold(to: Socket, chunk: Buffer): void {
    if (this.heldBytes + chunk.length > heldBytesMax) throw new Error('the proxy holds too much');
    this.#held.push({ to, chunk });
  }

  #pass(to: Socket, chunk: Buffer, delayMs: number): void {
    if (delayMs === 0) to.write(chunk);
    else setTimeout(() => to.writable && to.write(chunk), delayMs);
  }

  #endLater(socket: Socket, delayMs: number): void {
    if (this.#held.some(({ to }) => to === socket)) this.#abandoned.add(socket);
    else if (delayMs === 0) socket.end();
    else setTimeout(() => socket.end(), delayMs);
  }

  #cut(client: Socket): void {
    if (this.faults.reset) client.resetAndDestroy();
    else client.destroy();
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
