// npm test: installs what is missing, builds, and runs all tests; `--full` runs them at full length. Further arguments go
// to vitest. The last line is `N passed, N failed, N skipped`. With COORD_TEST_NO_SKIPS=1 a skip is a failure.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, setUp } from './setup.mjs';

setUp();
const args = process.argv.slice(2);
const full = args.includes('--full');
const folder = mkdtempSync(join(tmpdir(), 'coord-test-'));
const report = join(folder, 'report.json');
const env = { ...process.env, ...(full && { COORD_TEST_FULL: '1' }) };
const vitest = [
  join(root, 'node_modules/vitest/vitest.mjs'),
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...args.filter((arg) => arg !== '--full'),
];
const { status } = spawnSync(process.execPath, vitest, { cwd: root, env, stdio: 'inherit' });
const counts = count(report);
rmSync(folder, { recursive: true, force: true });

const refusesSkips = process.env.COORD_TEST_NO_SKIPS === '1' && counts.skipped > 0;
if (refusesSkips) console.error('error: tests were skipped, and COORD_TEST_NO_SKIPS=1 is set');
if (counts.passed + counts.failed === 0) console.error('error: no test was run');
const good = status === 0 && counts.failed === 0 && counts.passed > 0 && !refusesSkips;
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = good ? 0 : 1;

function count(path) {
  let results;
  try {
    results = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
  // a file that could not even be loaded has no tests to count: it counts as one that failed
  const broken = results.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + broken.length,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}
