/** A real browser: the Chromium of the package, or the system's. The tests that need one say which it is, or why there is none. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const ofTheSystem = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where every machine has one: there its absence is a failure. */
const mustBeThere = process.platform === 'linux' && process.arch === 'x64';

async function executable(): Promise<string> {
  try {
    return await (await import('@sparticuz/chromium')).default.executablePath();
  } catch (error) {
    const found = ofTheSystem.find((path) => existsSync(path));
    if (found !== undefined) return found;
    throw error;
  }
}

let browser: Browser | null = null;

/** Null, with the reason printed: there is none here. @throws where there must be one */
export async function openBrowser(): Promise<Browser | null> {
  try {
    const executablePath = await executable();
    browser ??= await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    console.log(`browser: ${executablePath} ${browser.version()}`);
    return browser;
  } catch (error) {
    if (mustBeThere) throw error;
    console.log(`SKIP: no browser here: ${(error as Error).message.split('\n')[0]}`);
    return null;
  }
}

export async function closeBrowser(): Promise<void> {
  await browser?.close();
  browser = null;
}

export interface WatchedPage {
  readonly page: Page;
  /** Addresses that it asked for. */
  readonly asked: string[];
  /** What went wrong in it: errors, and what its policy refused. */
  readonly wrong: string[];
  close(): Promise<void>;
}

export async function openPage(
  of: Browser,
  url: string,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<WatchedPage> {
  const context: BrowserContext = await of.newContext({ locale: 'en-US', ...options });
  const page = await context.newPage();
  const [asked, wrong]: [string[], string[]] = [[], []];
  page.on('request', (request) => asked.push(request.url()));
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(message.text());
  });
  await page.goto(url);
  return { page, asked, wrong, close: () => context.close() };
}
