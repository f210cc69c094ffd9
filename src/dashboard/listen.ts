import { createServer, type RequestListener, type Server } from 'node:http';
import { CoordError } from '../errors.ts';

const portsTried = 20;
const connectionsMax = 200;
/** Who begins a request and doesn't end it keeps one of these for no longer: all of them taken, no page is served. */
const slowest = { headersTimeout: 5000, requestTimeout: 10_000, connectionsCheckingInterval: 1000 };

export interface Listening {
  readonly server: Server;
  readonly port: number;
}

/** Listens on this machine alone, at this port or the next one that is free. @throws CoordError `unavailable` */
export async function listen(firstPort: number, listenerAt: (port: number) => RequestListener): Promise<Listening> {
  const lastPort = Math.min(65_535, firstPort + portsTried - 1);
  for (let port = firstPort; port <= lastPort; port++) {
    const server = createServer(slowest, listenerAt(port));
    server.maxConnections = connectionsMax;
    const error = await tryPort(server, port);
    if (error === null) return { server, port };
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES')
      throw new CoordError('unavailable', `can't listen on 127.0.0.1:${port}: ${error.message}`);
  }
  throw new CoordError('unavailable', `no port from ${firstPort} to ${lastPort} is free`, {
    next: ['git config coord.monitoring.dashboardPort <n>'],
  });
}

function tryPort(server: Server, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', resolve);
      resolve(null);
    });
  });
}
