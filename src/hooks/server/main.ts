/**
 * The entry of the bundle that a server's hooks start: `node git-coord-server.cjs <hook> <prefix> <file>`, git's lines on
 * standard input. The file is where `pre-receive` leaves lines that were let in for what they say alone.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { judgePush } from './judge-push.ts';
import { parseRefLines } from './ref-lines.ts';
import { refusalText } from './refusal-text.ts';
import { serverGit } from './server-git.ts';

const [hook = '', prefix = 'refs/', passed = ''] = process.argv.slice(2);
const staleMs = 3_600_000;

/** The shell part has looked which of the refs are protected. */
const guarded = new Set((process.env.COORD_PROTECTED ?? '').split('\n'));

async function main(): Promise<void> {
  const lines = readFileSync(0, 'utf8');
  const { objections, whole } = await judgePush({
    git: serverGit(process.env),
    prefix,
    moves: parseRefLines(lines),
    isProtected: (ref) => guarded.has(ref),
    unlocked: hook === 'pre-receive',
  });
  if (objections.length > 0) {
    process.stderr.write(refusalText(objections, prefix));
    process.exitCode = 1;
  } else if (whole && hook === 'pre-receive') leave(lines);
}

/** What a push left that then lost its race is taken away later. Where nothing can be left, it is judged twice. */
function leave(lines: string): void {
  try {
    const folder = dirname(passed);
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (Date.now() - statSync(path).mtimeMs > staleMs) rmSync(path, { force: true });
    }
    writeFileSync(passed, lines);
  } catch {
    // another push may have taken away what was just listed
  }
}

main().catch((error: unknown) => {
  // what could not be looked at is not let in
  const words = error instanceof Error ? error.message : String(error);
  process.stderr.write(`git-coord: refused: the push could not be checked: ${words}\n`);
  process.exitCode = 1;
});
