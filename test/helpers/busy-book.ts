/** A book as a team has it after an hour of work: to look at, and for the dashboard's tests. */
import type { Clock } from '../../src/coordinator/context.ts';
import { type Agent, makeLocalBook, openAgent } from './book.ts';

/** Time as it passes, but for the time of day, which the test sets: history is written as if it had happened then. */
export function datedClock(): Clock & { at(minutesAgo: number): void } {
  let backMs = 0;
  return {
    wall: () => new Date(Date.now() - backMs).toISOString(),
    monoMs: () => performance.now(),
    bootMs: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    at: (minutesAgo) => {
      backMs = minutesAgo * 60_000;
    },
  };
}

const agentNames = ['anna', 'ben', 'carla', 'dmitri', 'eun-ji', 'farid', 'grace'] as const;

const releaseTasks = [
  ['schema', 'Migrate the orders table', []],
  ['api', 'Serve orders over the new API', ['schema']],
  ['cart', 'Keep the cart across devices', ['schema']],
  ['payments', 'Retry payments that time out', ['api']],
  ['emails', 'Send receipts as plain text too', ['api']],
  ['checkout', 'Checkout in two steps', ['api', 'cart']],
  ['unit', 'Test the API and the cart', ['api', 'cart']],
  ['e2e-chrome', 'Checkout end to end, Chrome', ['checkout', 'payments']],
  ['e2e-firefox', 'Checkout end to end, Firefox', ['checkout', 'payments']],
  ['load', 'Hold 500 orders a second', ['payments', 'checkout']],
  ['docs', 'Describe the new endpoints', ['api']],
  ['notes', 'Write the release notes', ['docs', 'emails']],
  ['ship', 'Ship it to the first region', ['unit', 'e2e-chrome', 'e2e-firefox', 'load', 'notes']],
] as const;

const queued = [
  ['Fix the flaky login test', 8],
  ['Drop support for Node 18', 5],
  ['Name the missing column in import errors', 5],
  ['Cache avatars at the edge', 3],
  ['Paginate the audit log', 2],
  ['Replace moment with Temporal', 0],
  ['Show times in the viewer’s zone', 0],
  ['Sort search results by age too', 0],
  ['Let admins merge duplicate accounts', 0],
  ['Remove the old feature flags', -1],
] as const;

/** About sixty tasks of a local book at `dir`: done, in work, ready, blocked, failed. Answers the agents, still open. */
export async function makeBusyBook(dir: string): Promise<{ agents: Agent[]; clock: ReturnType<typeof datedClock> }> {
  await makeLocalBook(dir);
  const clock = datedClock();
  const agents = await Promise.all(agentNames.map((agent) => openAgent(dir, { agent, clock })));
  const [anna, ben, carla, dmitri, eunJi, farid, grace] = agents as [Agent, Agent, Agent, Agent, Agent, Agent, Agent];
  await writeHistory(agents, clock);
  clock.at(40);
  await anna.book.submit({
    tasks: releaseTasks.map(([id, title, needs]) => ({
      ...{ id: `checkout-v2.${id}`, title, workflow: 'checkout-v2', labels: ['release'], timeoutMs: 1_800_000 },
      ...{ needs: needs.map((need) => `checkout-v2.${need}`), retryLimit: 3, priority: 4 },
    })),
    placeOf: (index) => String(index),
    command: 'workflow submit',
  });
  for (const [index, [title, priority]] of queued.entries()) {
    clock.at(38 - 3 * index);
    await ben.book.add({ id: `backlog-${index + 11}`, title, priority });
  }
  await work(anna, clock, 'checkout-v2.schema', 36, 21);
  await work(carla, clock, 'checkout-v2.api', 20, 6);
  await work(ben, clock, 'checkout-v2.cart', 19, 9);
  const held = [
    [anna, 'checkout-v2.checkout', 'Second step renders, validation next', 55, 5, 300],
    [ben, 'checkout-v2.payments', 'Backoff with jitter, tests pass', 80, 5, 120],
    [carla, 'checkout-v2.unit', '41 of 60 cases', 68, 4, 1800],
    [dmitri, 'checkout-v2.docs', 'Examples for refunds', 30, 3, 90],
    [eunJi, 'checkout-v2.emails', null, null, 1, 600],
    [farid, 'backlog-11', 'Found it: the clock of the test container', 45, 12, 240],
  ] as const;
  for (const [agent, id, text, percent, minutes, ttl] of held) {
    clock.at(minutes);
    await agent.book.claim(id, { ttlMs: 1000 * ttl });
    if (text !== null) await agent.book.progress(id, text, percent);
  }
  clock.at(7);
  await grace.book.add({ id: 'backlog-30', title: 'Upgrade the image resizer', retryLimit: 0 });
  await grace.book.claim('backlog-30');
  clock.at(3);
  await grace.book.fail('backlog-30', 'sharp 0.34 does not build on musl: libvips 8.16 is needed');
  clock.at(2);
  await dmitri.book.publish('deploy.done', { host: 'staging-2', version: '4.18.0-rc.1' }, { now: true });
  await ben.book.note('backlog-12', 'Two customers still run 18; announced for March');
  clock.at(0);
  return { agents, clock };
}

/** What was done in the hour before. */
async function writeHistory(agents: readonly Agent[], clock: ReturnType<typeof datedClock>): Promise<void> {
  const titles = [
    'Translate the settings',
    'Tidy the router',
    'Type the API client',
    'Shrink the bundle',
    'Index orders by day',
  ];
  for (let n = 0; n < 30; n++) {
    const agent = agents[n % 5] as Agent;
    const begun = 58 - n * 1.8;
    clock.at(begun + 2 + (n % 7));
    await agent.book.add({
      id: `chore-${n + 1}`,
      title: `${titles[n % 5]}, part ${1 + Math.floor(n / 5)}`,
      type: 'chore',
    });
    clock.at(begun);
    await agent.book.claim(`chore-${n + 1}`);
    clock.at(begun - 1.2 - (n % 4));
    if (n % 11 === 5) {
      await agent.book.fail(`chore-${n + 1}`, 'the build broke');
      clock.at(begun - 3 - (n % 4));
      await agent.book.claim(`chore-${n + 1}`);
      clock.at(begun - 4 - (n % 4));
    }
    await agent.book.done(`chore-${n + 1}`);
  }
}

async function work(
  agent: Agent,
  clock: ReturnType<typeof datedClock>,
  id: string,
  from: number,
  to: number,
): Promise<void> {
  clock.at(from);
  await agent.book.claim(id);
  clock.at(to);
  await agent.book.done(id, { ok: true });
}
