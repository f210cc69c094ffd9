// npm run simulate -- --seed N --histories M: runs seeded histories and prints what happened in them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { root } from './setup.mjs';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    histories: { type: 'string', default: '2000' },
    trace: { type: 'boolean', default: false },
    outcomes: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'coord-simulate-'));
try {
  const outfile = join(folder, 'run.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/simulation/run.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  process.setSourceMapsEnabled(true);
  const { runHistories, describeRun, missing } = await import(pathToFileURL(outfile).href);
  const report = await runHistories(
    Number(values.seed),
    Number(values.histories),
    values.trace ? console.log : undefined,
  );
  console.log(describeRun(report));
  if (values.outcomes)
    console.log(
      [...report.outcomes]
        .sort()
        .map(([name, n]) => `  ${name} ${n}`)
        .join('\n'),
    );
  const absent = missing(report);
  if (absent.length > 0) console.log(`did not happen: ${absent.join(', ')}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
