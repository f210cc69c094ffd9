// npm run bench [-- --runs N]: medians of whole processes and their ratios, all in one run.
import { parseArgs } from 'node:util';
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
