/** `git coord dashboard` as a process of its own, and what a client of it sees. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Message } from '../../src/dashboard/rows.ts';
import { waitFor } from './wait-for.ts';

const bin = fileURLToPath(new URL('../../bin/git-coord.cjs', import.meta.url));

export interface RunningDashboard {
  readonly url: string;
  readonly port: number;
  readonly token: string;
  readonly child: ChildProcess;
  /** What it printed on standard error. */
  readonly said: () => string;
  /** Ends it as Ctrl-C does. Answers the exit status. */
  stop(): Promise<number | null>;
}

const running: RunningDashboard[] = [];

export async function startDashboard(dir: string, port?: number): Promise<RunningDashboard> {
  const env = {
    ...process.env,
    ...{ COORD_AGENT: 'lead', COORD_SESSION: 's-lead' },
    COORD_MONITORING_DASHBOARD_PORT: String(port ?? (await freePort())),
  };
  const child = spawn(process.execPath, [bin, 'dashboard', '--json'], {
    cwd: dir,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, said] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const line = await waitFor(() => child.exitCode !== null || out.includes('\n'), {
    what: 'the dashboard serves',
    deadlineMs: 30_000,
  }).then(() => out.split('\n')[0] ?? '');
  const { data, error } = JSON.parse(line || '{}');
  if (data === undefined) throw new Error(`no dashboard: ${JSON.stringify(error)} ${said}`);
  const dashboard: RunningDashboard = {
    ...{ url: data.url, port: data.port, token: data.token, child },
    said: () => said,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGINT');
        await once(child, 'close');
      }
      return child.exitCode;
    },
  };
  running.push(dashboard);
  return dashboard;
}

export async function stopDashboards(): Promise<void> {
  await Promise.all(running.splice(0).map((one) => one.stop()));
}

/** One that nobody listens at, and the next ones rarely. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return Math.min(port, 65_000);
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request with any headers: a browser's `fetch` sets some of them itself. */
export function ask(
  { port }: Pick<RunningDashboard, 'port'>,
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {},
): Promise<Reply> {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

export interface Told {
  readonly event: string;
  readonly id: string;
  readonly data: string;
  readonly message: Message | null;
}

/** The stream of events; `told` grows. */
export function listen({ port }: Pick<RunningDashboard, 'port'>, query = '', headers: Record<string, string> = {}) {
  const told: Told[] = [];
  const asked = request({ host: '127.0.0.1', port, path: `/events${query}`, headers }, (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) told.push(parse(part));
    });
    response.on('error', () => {});
  });
  asked.on('error', () => {});
  asked.end();
  return { told, close: () => asked.destroy() };
}

function parse(part: string): Told {
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1] ?? '';
  const [event, data] = [field('event'), field('data')];
  return { event, id: field('id'), data, message: event === 'change' ? JSON.parse(data) : null };
}
