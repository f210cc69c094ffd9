import { spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';

/**
 * Calls `gone` when nobody reads the pipe at standard output any more, though nothing is written. Node has no poll(), and
 * learns it from a write alone. GNU's tail does poll its output: it dies of SIGPIPE within a second, and goes when we do.
 * Where there is no such tail, the next write tells. Answers what ends the waiting.
 */
export function onReaderGone(gone: () => void): () => void {
  if (!fstatSync(1).isFIFO()) return () => {};
  const args = ['-f', `--pid=${process.pid}`, '/dev/null'];
  const tail = spawn('tail', args, { cwd: '/', stdio: ['ignore', 'inherit', 'ignore'] });
  tail.on('error', () => {});
  tail.on('exit', (_status, signal) => {
    if (signal === 'SIGPIPE') gone();
  });
  tail.unref();
  return () => void tail.kill();
}
