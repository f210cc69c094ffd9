import { openBookOn } from '../app/book-on-app.ts';
import { openApp } from '../app/open-app.ts';
import type { Log } from './log.ts';
import type { OpenBook } from './open-book.ts';

/**
 * Serves the dashboard while the daemon runs, where `monitoring.dashboard` says so, and anew when the configuration changes. Nobody can
 * act on it: what the daemon writes stays in its log, so there is no place for a token. What goes wrong with it is logged, and claims
 * are kept all the same. Answers what ends it.
 */
export function serveBesides(book: OpenBook, log: Log, onAsked: () => void): () => Promise<void> {
  let served = serveOnce(book, log, onAsked);
  const end = (): Promise<void> =>
    served.then((close) => close()).catch((error) => log.warn(`the dashboard: ${error}`));
  book.onChanged = () => {
    served = end().then(() => serveOnce(book, log, onAsked));
  };
  return () => {
    book.onChanged = () => {};
    return end();
  };
}

async function serveOnce(book: OpenBook, log: Log, onAsked: () => void): Promise<() => Promise<void>> {
  if (book.app.config.monitoring.dashboard !== 'daemon') return async () => {};
  try {
    return await serve(book, log, onAsked);
  } catch (error) {
    log.warn(`no dashboard: ${error instanceof Error ? error.message : error}`);
    return async () => {};
  }
}

async function serve({ place }: OpenBook, log: Log, onAsked: () => void): Promise<() => Promise<void>> {
  const { serveDashboard } = await import('../dashboard/serve-dashboard.ts');
  // its own: the daemon's is opened anew when the configuration changes
  const app = await openApp({ ...place, warn: () => {} });
  try {
    const book = openBookOn(app, process.pid, (words) => log.warn(words));
    const dashboard = await serveDashboard({ app, book, token: null, onAsked });
    log.info(`serves the dashboard at ${dashboard.url}`);
    dashboard.broken.catch((error: Error) => log.error(`the dashboard ended: ${error.stack ?? error.message}`));
    return async () => {
      await dashboard.close();
      await app.close();
    };
  } catch (error) {
    await app.close();
    throw error;
  }
}
