// npm run bench [-- --runs N]: medians of whole processes and their ratios, all in one run.
import { parseArgs } from 'node:util';
import { benchHooks } from '../test/bench/hooks.mjs';
import { runBundled } from './run-bundled.mjs';
import { root, setUp } from './setup.mjs';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' } } });
setUp();
process.chdir(root);
await runBundled('test/bench/bench.ts', async ({ bench }) => {
  for (const { what, ms, bound } of await bench(Number(values.runs))) {
    console.log(`${ms.toFixed(1).padStart(8)} ms  ${what}${bound === '' ? '' : `  (${bound})`}`);
  }
});

const hooks = benchHooks();
const row = (ms, text) => console.log(`${ms.toFixed(1).padStart(8)} ms  ${text}`);
row(hooks.preCommit - hooks.emptyHook, 'pre-commit, pass path, over an empty shell hook  (at most 15 ms)');
row(hooks.commitMsg - hooks.emptyHook, 'commit-msg with trailers, over an empty shell hook');
row(
  hooks.hookByNode,
  `git coord hook pre-commit by Node: ${(hooks.hookByNode / hooks.node).toFixed(2)}x node -e 0  (at most 2x)`,
);
for (const [name, what] of [
  ['guard', 'passes'],
  ['guardRefuses', 'refuses'],
])
  row(
    hooks[name],
    `git coord hook claude-before-tool ${what}: ${(hooks[name] / hooks.node).toFixed(2)}x node -e 0  (at most 3x)`,
  );

await runBundled('test/bench/server-hooks.ts', async ({ benchServerHooks }) => {
  for (const { what, guarded, bare } of await benchServerHooks(Number(values.runs)))
    row(guarded, `git push by path to a server with the hooks, ${what}: ${(guarded / bare).toFixed(2)}x without them`);
});

await runBundled('test/bench/first-minute.ts', async ({ benchFirstMinute }) => {
  const { commands, ms } = await benchFirstMinute(root);
  row(ms, `from nothing to a claimed task, by ${commands} commands of the README  (at most 3, and 60000 ms)`);
});
