/**
 * Loads the command line's bundle with the code that V8 made of it at an earlier start: compiling it anew costs as much
 * as all else that a command does. The code is kept in the user's cache folder, one file for each build, Node and set of
 * flags. Without such a folder, or with a file that is damaged or somebody else's, it is compiled, and nothing else changes.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';

const nameCharsMax = 200;
const ageMsMax = 30 * 24 * 3_600_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** @param file a CommonJS bundle whose name changes with its content: V8 compares nothing but the length */
export function loadBundle(file: string, env: Environment): unknown {
  const cache = cacheFile(file, env);
  const cachedData = cache === null ? undefined : readOwn(cache);
  const source = `(function(exports,require,module,__filename,__dirname){${readFileSync(file, 'utf8')}\n})`;
  const script = new Script(source, { filename: file, cachedData });
  if (cache !== null && script.cachedDataRejected !== false)
    process.once('exit', () => keep(cache, () => script.createCachedData()));
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

/** Null: there is no place for it. */
function cacheFile(bundle: string, { XDG_CACHE_HOME, HOME, NODE_OPTIONS = '' }: Environment): string | null {
  const caches = XDG_CACHE_HOME || (HOME && existsSync(HOME) ? join(HOME, '.cache') : '');
  if (caches === '') return null;
  // V8 takes no code that was made under other flags; the daemon has some
  const made = [basename(bundle, '.cjs'), process.version, process.arch, ...process.execArgv, NODE_OPTIONS].join('-');
  return join(caches, 'git-coord', `${made.replace(/[^\w.-]+/g, '_').slice(0, nameCharsMax)}.bin`);
}

/** What somebody else wrote isn't run. */
function readOwn(path: string): Buffer | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      return fstatSync(file).uid === process.getuid?.() ? readFileSync(file) : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** It only makes the next start faster: what can't be written is left. */
function keep(path: string, make: () => Buffer): void {
  const beside = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(beside, make(), { mode: 0o600 });
    renameSync(beside, path);
    forgetOld(dirname(path));
  } catch {
    // read-only, or full
  }
}

/** What no start has made anew for long is of a build, or flags, that nobody uses. */
function forgetOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (Date.now() - statSync(path).mtimeMs > ageMsMax) rmSync(path);
  }
}
