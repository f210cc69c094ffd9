// The dashboard under load: 50 agents and 1,000 tasks, 20 transitions a second; 30 s, or 5 min with `npm run prove`.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { groupBy } from '../../src/dashboard/group-by.ts';
import { type Agent, closeAgents, makeLocalBook, openAgent } from '../helpers/book.ts';
import { closeBrowser, openBrowser, openPage } from '../helpers/browser.ts';
import { startDashboard, stopDashboards } from '../helpers/dashboard.ts';
import { usageOf } from '../helpers/processes.ts';
import { makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const full = process.env.COORD_TEST_FULL === '1';
const seconds = full ? 300 : 30;
/** At full length the machine must be able to do it; a slower one shows all the same what the dashboard costs. */
const [stepsMin, inTime] = full ? [18, 1] : [10, 0.95];
const tasks = 1000;
const agentCount = 50;
const apartMs = 50;
let browser: Browser | null;
let scratch: Scratch;

beforeAll(async () => {
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs')]);
  browser = await openBrowser();
  scratch = await makeScratch();
});
afterAll(async () => {
  await closeBrowser();
  await stopDashboards();
  await closeAgents();
  await scratch.remove();
});

async function bigBook(dir: string): Promise<Agent[]> {
  await makeLocalBook(dir);
  const open = (n: number) => openAgent(dir, { agent: `agent-${n}` });
  const agents = await Promise.all(Array.from({ length: agentCount }, (_, n) => open(n)));
  const all = Array.from({ length: tasks }, (_, n) => ({
    ...{ id: `t-${n}`, title: `Task ${n}`, workflow: `wf-${n % 20}`, timeoutMs: 3_600_000, retryLimit: 3 },
    needs: n >= 900 ? [`t-${n - 900}`] : [],
  }));
  await agents[0]?.book.submit({ tasks: all, placeOf: String, command: 'submit' });
  return agents;
}

const lanes = 5;

interface Step {
  readonly type: string;
  readonly id: string;
  readonly atMs: number;
}

/** Claims tasks and ends them, in its turn: all lanes together make a step every 50 ms. Where no fresh task is left, they go round. */
async function drive(agents: readonly Agent[], lane: number, untilMs: number): Promise<Step[]> {
  const made: Step[] = [];
  const note = (type: string, id: string) => made.push({ type, id, atMs: Date.now() });
  const own = agents.filter((_, n) => n % lanes === lane);
  const fresh = Array.from({ length: 900 / lanes }, (_, n) => `t-${n * lanes + lane}`);
  const again: string[] = [];
  const held: { agent: Agent; id: string }[] = [];
  const beganMs = performance.now() + lane * apartMs;
  for (let steps = 0; ; steps++) {
    const dueMs = beganMs + steps * apartMs * lanes;
    if (dueMs >= untilMs || performance.now() >= untilMs) return made;
    await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()));
    const oldest = held.length >= 9 || (steps % 2 === 1 && held.length > 2) ? held.shift() : undefined;
    if (oldest === undefined) {
      const [agent, id] = [own[steps % own.length] as Agent, fresh.shift() ?? again.shift() ?? ''];
      await agent.book.claim(id);
      note('claim', id);
      held.push({ agent, id });
    } else if (fresh.length > 0) {
      await oldest.agent.book.done(oldest.id);
      note('done', oldest.id);
    } else {
      await oldest.agent.book.release(oldest.id);
      note('release', oldest.id);
      again.push(oldest.id);
    }
  }
}

/** Has the page note when it shows each event, as it is about to be painted. */
const noteEvents = (page: Page) =>
  page.evaluate(`
    globalThis.shown = [];
    new MutationObserver((changes) => {
      const added = changes.flatMap(({ addedNodes }) => [...addedNodes]).filter((node) => node.matches?.('li.event'));
      const words = added.map((li) => [li.querySelector('.type')?.textContent, li.querySelector('.id')?.textContent]);
      requestAnimationFrame(() => {
        for (const [type, id] of words) globalThis.shown.push({ type, id, atMs: Date.now() });
      });
    }).observe(document.querySelector('ol.log'), { childList: true });
  `);

/** How late each step was shown, in milliseconds; of steps of one kind of one task the first is shown first. */
async function latenessOf(page: Page, made: readonly Step[]): Promise<{ late: number[]; missing: Step[] }> {
  const shown = (await page.evaluate('globalThis.shown')) as Step[];
  const byStep = groupBy(shown, ({ type, id }) => `${type} ${id}`);
  const missing: Step[] = [];
  const late = made.flatMap((step) => {
    const seen = byStep.get(`${step.type} ${step.id}`)?.shift();
    if (seen === undefined) missing.push(step);
    return seen === undefined ? [] : [seen.atMs - step.atMs];
  });
  return { late: late.sort((a, b) => a - b), missing };
}

async function heapBytes(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage');
  await cdp.send('HeapProfiler.collectGarbage');
  return (await cdp.send('Runtime.getHeapUsage')).usedSize;
}

const nodesOf = (page: Page): Promise<number> => page.evaluate('document.querySelectorAll("*").length');

test.skipIf(process.platform !== 'linux')(
  'its memory and its share of a core stay small, and so does the page',
  { timeout: (seconds + 120) * 1000 },
  async ({ skip }) => {
    if (browser === null) return skip('no browser here');
    const dir = join(scratch.dir, 'big');
    const agents = await bigBook(dir);
    const dashboard = await startDashboard(dir);
    const { page, wrong, close } = await openPage(browser, dashboard.url);
    const cdp = await page.context().newCDPSession(page);
    const pid = dashboard.child.pid as number;
    await page.waitForSelector('.node', { timeout: 30_000 });
    const beganMs = performance.now();
    const before = usageOf(pid);
    let rssBytes = 0;
    const watching = setInterval(() => {
      rssBytes = Math.max(rssBytes, usageOf(pid).rssBytes);
    }, 500);
    const untilMs = beganMs + seconds * 1000;
    await noteEvents(page);
    const driving = Promise.all(Array.from({ length: lanes }, (_, lane) => drive(agents, lane, untilMs)));
    const firstMs = beganMs + Math.min(60, seconds / 3) * 1000;
    await waitFor(() => performance.now() > firstMs, { what: 'the first minute', deadlineMs: 70_000 });
    const [heap, nodes] = [await heapBytes(cdp), await nodesOf(page)];
    const made = (await driving).flat();
    clearInterval(watching);
    const tookMs = performance.now() - beganMs;
    const share = (usageOf(pid).cpuMs - before.cpuMs) / tookMs;
    await agents[7]?.book.publish('load.over', null, { now: true });
    await page.getByText('load.over').waitFor({ timeout: 5000 });
    const { late, missing } = await latenessOf(page, made);
    const lateMs = { median: late[late.length >> 1], most: late.at(-1) };
    const inTimeShare = late.filter((ms) => ms < 1000).length / made.length;
    const after = [await heapBytes(cdp), await nodesOf(page)] as const;
    await close();
    const figures = {
      ...{
        steps: made.length,
        perSecond: made.length / (tookMs / 1000),
        lateMs,
        missing: missing.length,
        share,
        rssMb: rssBytes / 2 ** 20,
      },
      ...{ heapMb: [heap / 2 ** 20, after[0] / 2 ** 20], nodes: [nodes, after[1]] },
    };
    console.log(`dashboard under load: ${JSON.stringify(figures)}`);
    expect(figures.rssMb).toBeLessThan(150);
    expect(share).toBeLessThan(0.15);
    expect(after[0]).toBeLessThan(1.2 * heap);
    expect(after[1]).toBeLessThan(Math.max(4000, 1.5 * nodes));
    expect(figures.perSecond).toBeGreaterThan(stepsMin);
    expect(missing).toEqual([]);
    expect(inTimeShare).toBeGreaterThanOrEqual(inTime);
    expect(wrong).toEqual([]);
  },
);
