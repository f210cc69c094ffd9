// npm run simulate -- --seed N --histories M: runs seeded histories and prints what happened in them.
import { parseArgs } from 'node:util';
import { runBundled } from './run-bundled.mjs';
import { setUp } from './setup.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    histories: { type: 'string', default: '2000' },
    trace: { type: 'boolean', default: false },
    outcomes: { type: 'boolean', default: false },
  },
});
setUp();
try {
  await runBundled('test/simulation/run.ts', async ({ runHistories, describeRun, missing }) => {
    const trace = values.trace ? console.log : undefined;
    const report = await runHistories(Number(values.seed), Number(values.histories), trace);
    console.log(describeRun(report));
    if (values.outcomes) for (const [name, count] of [...report.outcomes].sort()) console.log(`  ${name} ${count}`);
    const absent = missing(report);
    if (absent.length > 0) console.log(`did not happen: ${absent.join(', ')}`);
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
