// npm run check: everything that is known in under a minute. Types, style, unused code and the fast tests, side by side.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, setUp } from './setup.mjs';

setUp();
const bin = (name) => join(root, 'node_modules/.bin', name);
/** Two lanes, because the tests take about as long as the rest together. */
const lanes = [
  [
    ['types', bin('tsc'), ['-p', '.', '--noEmit']],
    ['types of the page', bin('tsc'), ['-p', 'src/dashboard/page', '--noEmit']],
    ['style', bin('biome'), ['check', '.']],
    ['unused code', bin('knip'), []],
  ],
  // the contract over HTTP, ssh and odd servers waits for thousands of processes: npm test runs it
  [
    [
      'fast tests',
      bin('vitest'),
      ['run', 'test/unit', ...['memory', 'local', 'git-path'].map((name) => `test/contract/${name}`)],
    ],
  ],
];

const results = await Promise.all(lanes.map(runLane));
process.exitCode = results.flat().every(Boolean) ? 0 : 1;

async function runLane(steps) {
  const passed = [];
  for (const [name, command, args] of steps) passed.push(await run(name, command, args));
  return passed;
}

function run(name, command, args) {
  const started = performance.now();
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  return new Promise((resolve) => {
    child.on('error', (error) => output.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (status) => {
      if (status !== 0) process.stdout.write(Buffer.concat(output));
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
      resolve(status === 0);
    });
  });
}
