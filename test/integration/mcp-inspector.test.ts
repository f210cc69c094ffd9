// The command line of MCP's inspector, a client that isn't ours: it lists, calls and reads, and takes a refusal for one.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeLocalBook } from '../helpers/book.ts';
import { program, run } from '../helpers/hook-repo.ts';
import { makeScratch, type Scratch } from '../helpers/repo.ts';

/** A folder with the packages `@modelcontextprotocol/inspector` and `node`, 22 or newer, which the inspector needs (.ci/run). */
const folder = process.env.COORD_TEST_INSPECTOR ?? '';
const inspector = join(folder, 'node_modules/.bin/mcp-inspector');
const isThere = folder !== '' && existsSync(inspector);
if (!isThere) console.log('SKIP mcp-inspector: COORD_TEST_INSPECTOR names no folder in which it is installed');

let scratch: Scratch;
let clone: string;
beforeEach(async () => {
  scratch = await makeScratch();
  clone = await makeLocalBook(join(scratch.dir, 'clone'));
});
afterEach(() => scratch.remove());

async function inspect(...args: string[]) {
  const server = ['-e', 'COORD_AGENT=anna', '-e', 'COORD_SESSION=s-anna', process.execPath, program, 'mcp'];
  const words = [inspector, '--cli', ...server, ...args];
  const { status, stdout, stderr } = await run(join(folder, 'node_modules/.bin/node'), words, clone, process.env);
  // behind a result that is a refusal it says so, in a line of its own
  const [document = ''] = /^\{\n[\s\S]*?\n\}$/m.exec(stdout) ?? [];
  if (document === '') throw new Error(`the inspector: ${status} ${stdout} ${stderr}`);
  return { status, ...JSON.parse(document) };
}
const call = (tool: string, ...args: string[]) =>
  inspect('--method', 'tools/call', '--tool-name', tool, ...args.flatMap((arg) => ['--tool-arg', arg]));

test.skipIf(!isThere)('it works through a task', { timeout: 180_000 }, async () => {
  const { tools } = await inspect('--method', 'tools/list');
  expect(tools).toHaveLength(12);
  expect(await call('add', 'id=api', 'title=Build the API')).toMatchObject({ status: 0, isError: false });
  expect((await call('claim', 'id=api')).structuredContent.data.claim).toMatchObject({ agent: 'anna', mine: true });
  const refused = await call('done', 'id=other');
  expect(refused).toMatchObject({ isError: true, structuredContent: { error: { code: 'not-found' } } });
  const { contents } = await inspect('--method', 'resources/read', '--uri', 'coord://tasks/api');
  expect(JSON.parse(contents[0].text).data).toMatchObject({ id: 'api', state: 'claimed' });
  const { prompts } = await inspect('--method', 'prompts/list');
  expect(prompts).toHaveLength(3);
});
