import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Book } from '../coordinator/book.ts';
import { CoordError, type ErrorCode } from '../errors.ts';
import { act, parseAction } from './actions.ts';
import type { Assets } from './assets.ts';
import type { Feed } from './feed.ts';
import { type Asked, type Gate, mayAct, refusal, securityHeaders } from './guard.ts';
import type { Refresher } from './refresher.ts';

export interface Served {
  readonly gate: Gate;
  readonly assets: Assets;
  readonly feed: Feed;
  readonly refresher: Pick<Refresher, 'enter' | 'leave' | 'pages' | 'wake'>;
  readonly book: Book;
  /** For Prometheus; null: they are off. */
  readonly metrics: (() => Promise<string>) | null;
}

const beatMs = 10_000;
const reconnectMs = 1000;
const pagesMax = 50;
const bodyBytesMax = 4096;

const statuses: Readonly<Partial<Record<ErrorCode, 400 | 404 | 409 | 500 | 503>>> = {
  internal: 500,
  usage: 400,
  'bad-id': 400,
  'not-found': 404,
  unavailable: 503,
  unknown: 503,
};

/** What is served. Whatever is added stands behind the same guard. */
export function routesOf(served: Served): Hono {
  const { gate, assets } = served;
  const routes = new Hono();
  routes.use(async (c, next) => {
    const why = refusal(askedOf(c), gate);
    if (why === null) await next();
    else c.res = c.text(`${why}\n`, 403);
    for (const [name, value] of Object.entries(securityHeaders)) c.res.headers.set(name, value);
  });
  for (const { path, type, body } of assets) routes.get(path, (c) => c.body(body, 200, { 'content-type': type }));
  routes.get('/events', (c) => events(c, served));
  routes.get('/metrics', (c) => metrics(c, served));
  routes.post('/actions', (c) => actions(c, served));
  routes.onError((error, c) => c.json({ ok: false, error: { code: 'internal', message: error.message } }, 500));
  return routes;
}

const askedOf = (c: Context): Asked => ({
  method: c.req.method,
  path: c.req.path,
  header: (name) => c.req.header(name),
});

/** What the page shows, and each change of it, until the page goes. */
function events(c: Context, { feed, refresher }: Served): Response {
  // nobody reads what follows, and so nobody goes
  if (c.req.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' });
  if (refresher.pages >= pagesMax) return c.text('too many pages are open\n', 503);
  const workflow = c.req.query('workflow') ?? '';
  let position = c.req.header('last-event-id') ?? c.req.query('after') ?? null;
  const gone = new AbortController();
  return streamSSE(
    c,
    async (stream) => {
      stream.onAbort(() => gone.abort());
      const tell = (event: string, id: string, data: string): Promise<void> =>
        stream.writeSSE({ event, id, data, retry: reconnectMs });
      try {
        await refresher.enter();
        for (let beats = true; !gone.signal.aborted; ) {
          const message = feed.next(position, workflow);
          if (message === null) {
            if (beats) await tell('beat', position ?? '', String(Date.now()));
            beats = (await feed.changed(beatMs, gone.signal)) === 'passed';
          } else {
            position = message.id;
            if (message.data !== null) await tell('change', message.id, message.data);
          }
        }
      } finally {
        refresher.leave();
      }
    },
    async () => {},
  );
}

/** A scraper takes any other status than 200 for a server that is down: so is one that has nothing to show. */
async function metrics(c: Context, served: Served): Promise<Response> {
  if (served.metrics === null) return c.text('monitoring.metrics_enabled is false\n', 404);
  try {
    return c.body(await served.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  } catch (error) {
    if (error instanceof CoordError) return c.text(`${error.message}\n`, statuses[error.code] ?? 503);
    throw error;
  }
}

async function actions(c: Context, { gate, book, refresher }: Served): Promise<Response> {
  if (!mayAct(askedOf(c), gate))
    return c.json(failure('forbidden', 'the token that the command printed is needed to act'), 403);
  if (!/^application\/json\b/.test(c.req.header('content-type') ?? ''))
    return c.json(failure('usage', 'JSON is needed'), 415);
  if (!(Number(c.req.header('content-length') ?? Number.NaN) <= bodyBytesMax))
    return c.json(failure('usage', 'the request is too large, or does not say how large it is'), 413);
  try {
    const { id, state, priority } = await act(book, parseAction(await bodyOf(c)));
    return c.json({ ok: true, data: { id, state, priority } });
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    const { code, message, hint, next } = error;
    return c.json({ ok: false, error: { code, message, hint, next } }, statuses[code] ?? 409);
  } finally {
    refresher.wake();
  }
}

const failure = (code: string, message: string) => ({ ok: false, error: { code, message } });

async function bodyOf(c: Context): Promise<unknown> {
  try {
    return await c.req.json();
  } catch {
    throw new CoordError('usage', 'the request is no JSON');
  }
}
