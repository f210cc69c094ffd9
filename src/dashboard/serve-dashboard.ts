/**
 * The dashboard: a page of what goes on in the book, served on this machine alone.
 *
 *   look.ts       reads the book, with the calls that the command line has, and makes rows of it (rows.ts)
 *   refresher.ts  looks while a page is there: at once when something changes in this clone, else every poll interval
 *   feed.ts       keeps what pages were told, so that each gets what changed, and one that was cut off goes on
 *   routes.ts     the page, its events, /metrics, and what can be done from it; guard.ts decides who may ask
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { openLocalChanges } from '../app/local-changes.ts';
import { metricsReader } from '../app/metrics-on-app.ts';
import type { App } from '../app/open-app.ts';
import type { Book } from '../coordinator/book.ts';
import { readAssets } from './assets.ts';
import { Feed } from './feed.ts';
import { listen } from './listen.ts';
import { Looker } from './look.ts';
import { Refresher } from './refresher.ts';
import { routesOf } from './routes.ts';

/** Looking into the clone itself costs little; what its own processes do is told at once anyway. */
const localPollMs = 2000;

export interface Dashboard {
  readonly port: number;
  readonly url: string;
  /** Rejects when the server can't go on. */
  readonly broken: Promise<never>;
  close(): Promise<void>;
}

export interface DashboardRequest {
  readonly app: App;
  readonly book: Book;
  /** With it the page may act. In the fragment of the address it is sent to nobody. Null: the page only shows. */
  readonly token: string | null;
  /** Called at every request. */
  readonly onAsked?: () => void;
}

/** Not to be guessed. */
export const newToken = (): string => randomBytes(24).toString('base64url');

/** @throws CoordError `unavailable` when no port is free */
export async function serveDashboard({ app, book, token, onAsked }: DashboardRequest): Promise<Dashboard> {
  const assets = readAssets();
  const metrics = app.config.monitoring.metricsEnabled ? metricsReader(app) : null;
  const feed = new Feed();
  const refresher = new Refresher({
    looker: new Looker(app),
    feed,
    openChanges: () => openLocalChanges(app.clone.coordDir),
    pollIntervalMs:
      app.book.mode === 'local' ? Math.min(localPollMs, app.timings.pollIntervalMs) : app.timings.pollIntervalMs,
  });
  const listenerAt = (port: number) => {
    const routes = routesOf({ gate: { port, token }, assets, feed, refresher, book, metrics });
    const answer = getRequestListener(routes.fetch, { overrideGlobalObjects: false });
    return (request: IncomingMessage, response: ServerResponse) => {
      onAsked?.();
      return answer(request, response);
    };
  };
  const { server, port } = await listen(app.config.monitoring.dashboardPort, listenerAt);
  const broken = refresher.broken;
  broken.catch(() => {});
  return {
    port,
    url: `http://127.0.0.1:${port}/`,
    broken,
    close: async () => {
      await closeServer(server);
      await refresher.close();
    },
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
