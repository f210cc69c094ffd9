import { queueOf, readBook } from '../coordinator/book-view.ts';
import { pausedText } from '../domain/decide-queue.ts';
import { type PrimeFacts, primeText } from '../domain/prime-text.ts';
import type { App } from './open-app.ts';

export interface Prime extends Pick<PrimeFacts, 'agent' | 'session' | 'held' | 'lost' | 'ready'> {
  /** What a model is to read, at most 4,000 bytes. */
  readonly text: string;
}

/**
 * What an agent needs when it begins, by one read of the book. `seenAt`: when the book was read that this app shows, unless
 * that is now.
 * @throws CoordError `unavailable`
 */
export async function readPrime(app: App, seenAt: string | null = null): Promise<Prime> {
  const { who, context, config } = app;
  const { tasks, read } = await readBook(context, who);
  const mine = context.held.all().filter(({ agent, session }) => agent === who.agent && session === who.session);
  const facts: PrimeFacts = {
    agent: who.agent,
    session: who.session,
    held: tasks.filter(({ claim }) => claim?.mine),
    lost: mine.filter(({ state }) => state.lost === true).map(({ task }) => task),
    ready: tasks.filter(({ ready }) => ready),
    paused: pausedText(queueOf(context, read)),
    branch: config.tasks.branch,
    policy: config.hooks.policy,
    seenAt,
  };
  const { agent, session, held, lost, ready } = facts;
  return { agent, session, held, lost, ready, text: primeText(facts) };
}
