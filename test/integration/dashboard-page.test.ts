// The dashboard's page in a real browser.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Agent, closeAgents, makeLocalBook, openAgent } from '../helpers/book.ts';
import { closeBrowser, openBrowser, openPage, type WatchedPage } from '../helpers/browser.ts';
import { makeBusyBook } from '../helpers/busy-book.ts';
import { type RunningDashboard, startDashboard, stopDashboards } from '../helpers/dashboard.ts';
import { git, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let browser: Browser | null;
let scratch: Scratch;
const opened: WatchedPage[] = [];

beforeAll(async () => {
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs')]);
  browser = await openBrowser();
});
afterAll(closeBrowser);
beforeEach(async ({ skip }) => {
  if (browser === null) skip('no browser here');
  scratch = await makeScratch();
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await stopDashboards();
  await closeAgents();
  await scratch?.remove();
});

async function open(dashboard: RunningDashboard, mayAct = false, options: Parameters<typeof openPage>[2] = {}) {
  if (browser === null) throw new Error('no browser');
  const watched = await openPage(
    browser,
    mayAct ? `${dashboard.url}#token=${dashboard.token}` : dashboard.url,
    options,
  );
  opened.push(watched);
  await watched.page.waitForSelector('.tiles');
  return watched;
}

const textOf = async (page: Page, selector: string): Promise<string> =>
  (await page.locator(selector).allInnerTexts()).join('\n');
const shows = (page: Page, selector: string, text: string | RegExp): Promise<true> =>
  waitFor(async () => ((await textOf(page, selector)).match(text) ? true : null), {
    what: `${selector} shows ${text}`,
    deadlineMs: 15_000,
  });

async function smallBook(): Promise<{ dir: string; anna: Agent; dashboard: RunningDashboard }> {
  const dir = await makeLocalBook(join(scratch.dir, 'shop'));
  const anna = await openAgent(dir, { agent: 'anna' });
  return { dir, anna, dashboard: await startDashboard(dir) };
}

/** Findings of axe that keep somebody from using the page. */
async function graveFindings(page: Page): Promise<string[]> {
  // playwright's own world isn't bound by the page's policy
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate('axe.run(document)')) as {
    violations: { id: string; impact: string; nodes: { html: string }[] }[];
  };
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`);
}

test('an hour of work: everything is there, accessible in the light and in the dark, from this host alone', async () => {
  const dir = join(scratch.dir, 'webshop');
  await makeBusyBook(dir);
  const dashboard = await startDashboard(dir);
  const { page, asked, wrong } = await open(dashboard);
  await page.waitForSelector('.node');
  await shows(page, '.tiles', /6\s+in work[\s\S]*9\s+ready[\s\S]*5\s+blocked|in work\s+6/);
  await shows(page, '.panel-work', /Checkout in two steps[\s\S]*anna[\s\S]*55 %[\s\S]*left/);
  await shows(page, '.panel-queue li:first-child', 'Drop support for Node 18');
  await shows(page, '.panel-blocked', /Ship it to the first region[\s\S]*needs checkout-v2\.unit \(claimed\)/);
  await shows(page, '.panel-agents', /anna[\s\S]*busy[\s\S]*at work for/);
  await shows(page, '.panel-attention', /Upgrade the image resizer[\s\S]*failed[\s\S]*libvips/);
  await shows(page, '.panel-events', /deploy\.done[\s\S]*staging-2/);
  await shows(page, '.figures', /went well\s+\d+ %[\s\S]*recovered\s+3/);
  await shows(page, '.panel-charts', /33 tasks done, 4 failed in the last hour/);
  expect(await page.locator('.node').count()).toBe(13);
  expect(await page.locator('.canvas path').count()).toBeGreaterThan(20);
  expect(await page.locator('.plot canvas').count()).toBe(3);
  expect(await page.title()).toContain('webshop');
  expect(await graveFindings(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  // by keyboard alone: the first task of the queue is opened and closed
  await page.locator('.panel-queue .task-name').first().focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog[open]');
  expect(await textOf(page, 'dialog')).toMatch(/Drop support for Node 18[\s\S]*only shows/);
  expect(await page.locator('.actions').count()).toBe(0);
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  await page.locator('.node[tabindex="0"]').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await shows(page, 'dialog', /checkout-v2\.(api|cart)/);
  await page.keyboard.press('Escape');
  await page.setViewportSize({ width: 375, height: 800 });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375);
  expect(await graveFindings(page)).toEqual([]);
  expect(asked.filter((url) => !url.startsWith(dashboard.url))).toEqual([]);
  expect(wrong).toEqual([]);
});

test.each([
  ['button-name', 'button', ''],
  ['image-alt', 'img', ''],
  ['color-contrast', 'p', 'pale words on white'],
])('what keeps somebody from using the page is found: %s', async (rule, element, words) => {
  const { dashboard } = await smallBook();
  const { page } = await open(dashboard);
  expect(await graveFindings(page)).toEqual([]);
  await page.evaluate(`{
    const bad = document.createElement('${element}');
    bad.textContent = '${words}';
    if (bad.textContent) Object.assign(bad.style, { color: '#ccc', background: '#fff' });
    document.querySelector('main').append(bad);
  }`);
  expect(await graveFindings(page)).toEqual([expect.stringMatching(new RegExp(`^${rule}: <${element}`))]);
});

test('what happens here is on the page within a second', async () => {
  const { anna, dashboard } = await smallBook();
  const { page, wrong } = await open(dashboard);
  await anna.book.add({ id: 'a', title: 'Build the API' });
  await shows(page, '.panel-queue', 'Build the API');
  await page.evaluate(`new MutationObserver(() => {
    if (document.querySelector('.panel-work .task-name')) globalThis.seenMs ??= Date.now();
  }).observe(document.body, { subtree: true, childList: true, characterData: true })`);
  await anna.book.claim('a');
  const claimedMs = Date.now();
  await shows(page, '.panel-work', /Build the API[\s\S]*anna/);
  expect(Number(await page.evaluate('globalThis.seenMs')) - claimedMs).toBeLessThan(process.env.CI ? 3000 : 1500);
  await anna.book.progress('a', 'half of it', 50);
  await shows(page, '.panel-work', /50 %\s+half of it/);
  // where a row has no room for it, the task itself says all of it
  await page.locator('.panel-work .task-name').click();
  await shows(page, 'dialog', /held by\s+anna[\s\S]*progress\s+50 %\s+lease\s+.* left[\s\S]*half of it/);
  await page.keyboard.press('Escape');
  await anna.book.done('a');
  await shows(page, '.panel-work', 'Nobody holds a task.');
  await shows(page, '.panel-events li:first-child, .panel-events li:nth-child(2)', /done a by anna/);
  await shows(page, '.tiles', /done\s+1|1\s+done/);
  expect(wrong).toEqual([]);
});

test('a page whose server goes away says so, and catches up when it is back', async () => {
  const { dir, anna, dashboard } = await smallBook();
  await anna.book.add({ id: 'a', title: 'Build the API' });
  const { page } = await open(dashboard);
  await shows(page, '.pulse', 'live');
  await shows(page, '.panel-queue', 'Build the API');
  await dashboard.stop();
  await shows(page, '.pulse', 'connects again');
  await shows(page, '.panel-queue', 'Build the API');
  await anna.book.claim('a');
  await startDashboard(dir, dashboard.port);
  await shows(page, '.pulse', 'live');
  await shows(page, '.panel-work', 'Build the API');
  await shows(page, '.panel-queue', 'Nothing is ready.');
});

test('with the token tasks are moved, cancelled and taken back; it stands in no address', async () => {
  const { anna, dashboard } = await smallBook();
  await anna.book.add({ id: 'a', title: 'Build the API' });
  await anna.book.add({ id: 'b', title: 'Test the API' });
  await anna.book.claim('a');
  const { page, asked, wrong } = await open(dashboard, true);
  expect(page.url()).toBe(dashboard.url);
  const openTask = (title: string) => page.locator('.task-name', { hasText: title }).first().click();
  await shows(page, '.panel-work', 'Build the API');
  await openTask('Build the API');
  expect(await graveFindings(page)).toEqual([]);
  await page.getByRole('button', { name: 'Release', exact: true }).click();
  await shows(page, '.sure', 'anna loses it');
  await page.getByRole('button', { name: 'Release it' }).click();
  await shows(page, '.said', 'a: released');
  await page.keyboard.press('Escape');
  await shows(page, '.panel-queue', 'Build the API');
  expect((await anna.book.show('a')).claim).toBe(null);
  await openTask('Test the API');
  await page.getByLabel('Priority').fill('7');
  await page.getByRole('button', { name: 'Set' }).click();
  await shows(page, '.panel-queue li:first-child', /Test the API[\s\S]*\+7/);
  await page.getByRole('button', { name: 'Cancel the task' }).click();
  await page.getByRole('button', { name: 'No', exact: true }).click();
  expect((await anna.book.show('b')).state).toBe('open');
  await page.getByRole('button', { name: 'Cancel the task' }).click();
  await page.getByRole('button', { name: 'Cancel it' }).click();
  await waitFor(async () => (await anna.book.show('b')).state === 'cancelled', { what: 'it is cancelled' });
  expect(asked.join(' ')).not.toContain(dashboard.token);
  expect(wrong).toEqual([]);
});

test('on a phone an agent with a long name leaves the task its place; who has no record yet is counted', async () => {
  const { dir, anna, dashboard } = await smallBook();
  const long = `agent-${'x'.repeat(58)}`;
  const other = await openAgent(dir, { agent: long });
  await other.book.claim('api');
  await anna.book.add({ id: 'pages', title: 'Build the pages', needs: ['api'] });
  const agents = await git(['for-each-ref', '--format=%(refname)', 'refs/agents/'], { cwd: dir });
  for (const ref of agents.split('\n').filter(Boolean)) await git(['update-ref', '-d', ref], { cwd: dir });
  const { page, wrong } = await open(dashboard, false, { viewport: { width: 375, height: 800 } });
  await shows(page, '.panel-work', long);
  const box = await page.locator('.panel-work .task-name').boundingBox();
  expect(box?.width).toBeGreaterThan(150);
  expect(await page.locator('.panel-work .progress').isVisible()).toBe(true);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(375);
  await shows(page, '.panel-agents', long);
  expect(await textOf(page, '.panel-agents .count')).toBe('1');
  expect(wrong).toEqual([]);
});

test('hostile texts change nothing but themselves', async () => {
  const { anna, dashboard } = await smallBook();
  const markup = '"><img src=x onerror="globalThis.owned=1"><script>globalThis.owned=1</script>';
  const { book } = anna;
  await book.add({ id: 'markup', title: markup, labels: ['<b>x'], priority: 4 });
  await book.add({ id: 'ansi', title: '\x1b[31mred\x1b[0m \x07bell', priority: 3 });
  await book.add({ id: 'turned', title: `safe\u202etxt.exe\u2066 ${'\u0301'.repeat(300)}`, priority: 2 });
  await book.add({
    id: 'long',
    title: 'w'.repeat(500),
    description: 'x'.repeat(15_000),
    payload: 'y'.repeat(60_000),
    priority: 1,
  });
  await book.add({ id: 'fails', title: 'x', retryLimit: 0, type: '{{7*7}}' });
  await book.claim('fails');
  await book.fail('fails', `${markup}\n\n\u202e${'z'.repeat(15_000)}`);
  await book.claim('long');
  await book.progress('long', `${markup}${'p'.repeat(400)}`, 5);
  await book.publish('evil.done', { markup, big: 'e'.repeat(60_000) }, { now: true });
  const { page, asked, wrong } = await open(dashboard, false, { viewport: { width: 1000, height: 800 } });
  await shows(page, '.panel-queue', '<img src=x onerror=');
  await shows(page, '.panel-queue', /red bell/);
  await shows(page, '.panel-queue', 'safetxt.exe');
  await shows(page, '.panel-attention', '<script>');
  await shows(page, '.panel-work', '<img src=x');
  await shows(page, '.panel-events', /evil\.done[\s\S]*<img src=x/);
  await page.locator('.panel-queue .task-name').first().click();
  await shows(page, 'dialog', '<script>');
  expect(await page.evaluate('globalThis.owned')).toBe(undefined);
  expect(await page.locator('#page img').count()).toBe(1);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(1000);
  expect(await page.evaluate('document.body.innerHTML.length')).toBeLessThan(60_000);
  expect(await page.evaluate('/[\\u202a-\\u202e\\u2066-\\u2069\\x1b]/.test(document.body.textContent)')).toBe(false);
  expect(asked.filter((url) => !url.startsWith(dashboard.url))).toEqual([]);
  expect(wrong).toEqual([]);
});
