// What a fresh machine needs before anything else runs: the right Node, git, and the packages that the lock file names.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a command in the project's folder; ends this process with its status when it fails. */
export function must(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) fail(`${command} could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

export function setUp() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node 20.19 or newer is needed; this is ${process.versions.node}`);
  if (spawnSync('git', ['version']).status !== 0) fail('git was not found on the PATH');
  if (!installed()) {
    const npm = process.env.npm_execpath;
    const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []];
    // what is printed before belongs to people, not to the answer of the command that follows
    // not `npm ci`: it refuses a lock file without the packages for other platforms, which not every registry has
    must(command, [...args, 'install', '--no-save', '--no-audit', '--no-fund'], { stdio: ['ignore', 2, 2] });
  }
  must(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
}

/** npm writes this file last, so an install that broke off leaves an older one or none. */
function installed() {
  const lock = modified('package-lock.json');
  const done = modified('node_modules/.package-lock.json');
  return done !== null && (lock === null || done >= lock);
}

function modified(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? null;
}

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(1);
}
