/** Smart HTTP by `git http-backend`, which comes with git, as a CGI program behind a Node server on loopback. */
import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

export type HttpAuth = { readonly bearer: string } | { readonly basic: string };

export interface HttpBackendOptions {
  /** The folder whose repositories are served. */
  readonly root: string;
  /** The token, or `user:password`, that every request must carry. */
  readonly auth?: HttpAuth | undefined;
  /** Sees every request that passed authentication; answering it itself (or destroying it) and returning true ends it. */
  readonly onRequest?: ((request: IncomingMessage, response: ServerResponse) => boolean | undefined) | undefined;
  /** Runs when the answer to a POST was made, before any of it is sent. */
  readonly onAnswer?: (() => Promise<void>) | undefined;
  /** For the CGI program; the test's own environment when absent. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

export interface HttpBackend {
  readonly port: number;
  /** `http://127.0.0.1:port/name` */
  url(name: string): string;
  /** Requests so far, as `METHOD /path?query`, refused ones too. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

const headBytesMax = 64 * 1024;

export async function startHttpBackend(options: HttpBackendOptions): Promise<HttpBackend> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (options.auth !== undefined && request.headers.authorization !== expectedHeader(options.auth)) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="coord"' }).end('not allowed\n');
      request.resume();
      return;
    }
    if (options.onRequest?.(request, response) === true) return;
    runBackend(options, request, response);
  });
  server.keepAliveTimeout = 1000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    requests,
    url: (name) => `http://127.0.0.1:${port}/${name}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function expectedHeader(auth: HttpAuth): string {
  return 'bearer' in auth ? `Bearer ${auth.bearer}` : `Basic ${Buffer.from(auth.basic).toString('base64')}`;
}

function runBackend(options: HttpBackendOptions, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://loopback');
  const child = spawn('git', ['http-backend'], { env: cgiEnvironment(options, request, url) });
  // git compresses the bodies of its requests; CGI programs are given them plain
  const gzipped = request.headers['content-encoding'] === 'gzip';
  const body = gzipped ? request.pipe(createGunzip()) : request;
  body.on('error', () => child.stdin.destroy());
  child.stdin.on('error', () => body.unpipe(child.stdin));
  body.pipe(child.stdin);
  child.on('error', (error) => response.destroy(error));
  const { onAnswer } = options;
  if (onAnswer === undefined || request.method !== 'POST') relayAnswer(child.stdout, response);
  else void collected(child.stdout).then(async (answer) => onAnswer().then(() => relayAnswer(answer, response)));
  child.stderr.resume();
}

async function collected(stdout: Readable): Promise<Readable> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdout) chunks.push(chunk as Buffer);
  return Readable.from([Buffer.concat(chunks)], { objectMode: false });
}

function cgiEnvironment(options: HttpBackendOptions, request: IncomingMessage, url: URL): NodeJS.ProcessEnv {
  const protocol = request.headers['git-protocol'];
  const gzipped = request.headers['content-encoding'] === 'gzip';
  const length = gzipped ? undefined : request.headers['content-length'];
  return {
    ...(options.env ?? process.env),
    GIT_PROJECT_ROOT: options.root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method ?? 'GET',
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    REMOTE_USER: 'tester',
    REMOTE_ADDR: '127.0.0.1',
    ...(length === undefined ? {} : { CONTENT_LENGTH: length }),
    ...(typeof protocol === 'string' ? { GIT_PROTOCOL: protocol } : {}),
  };
}

/** Turns the CGI program's head into the response's, and streams the rest. */
function relayAnswer(stdout: Readable, response: ServerResponse): void {
  let head: Buffer | null = Buffer.alloc(0);
  stdout.on('data', (chunk: Buffer) => {
    if (head === null) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) {
      if (head.length > headBytesMax) response.destroy();
      return;
    }
    writeHead(response, head.subarray(0, end).toString('latin1'));
    const rest = head.subarray(end + 4);
    head = null;
    if (rest.length > 0) response.write(rest);
  });
  stdout.on('end', () => {
    if (head !== null && !response.headersSent) response.writeHead(500);
    response.end();
  });
}

function writeHead(response: ServerResponse, head: string): void {
  let status = 200;
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).trim();
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else if (colon > 0) response.setHeader(name, value);
  }
  response.writeHead(status);
}
