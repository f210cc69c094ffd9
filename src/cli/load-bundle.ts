/**
 * Loads the command line's bundle with the code that V8 made of it at an earlier start: compiling it anew costs as much
 * as all else that a command does. The code is kept in the user's cache folder, one file for each build, Node, set of flags and
 * command, since it holds the functions that were called: another command would compile its own anew each time. It stands
 * there twice: V8 runs what it is given, and dies of what is damaged, and to compare two copies is quicker than any sum.
 * Without such a folder, or with a file that is damaged or somebody else's, it is compiled, and nothing else changes.
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { Script } from 'node:vm';

const nameCharsMax = 200;
const ageMsMax = 30 * 24 * 3_600_000;
/** No command was called. */
const usageError = 2;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @param file a CommonJS bundle whose name changes with its content: V8 compares nothing but the length
 * @param command the first word of the command line
 */
export function loadBundle(file: string, env: Environment, command = ''): unknown {
  const cache = cacheFile(file, env, command);
  const cachedData = cache === null ? undefined : readKept(cache);
  const source = `(function(exports,require,module,__filename,__dirname){${readFileSync(file, 'utf8')}\n})`;
  const script = new Script(source, { filename: file, cachedData });
  if (cache !== null && script.cachedDataRejected !== false)
    process.once('exit', (status) => {
      if (status !== usageError) keep(cache, () => script.createCachedData());
    });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

/** Null: there is no place for it. */
function cacheFile(
  bundle: string,
  { XDG_CACHE_HOME = '', HOME, NODE_OPTIONS = '' }: Environment,
  command: string,
): string | null {
  const home = HOME && existsSync(HOME) ? join(HOME, '.cache') : null;
  const caches = isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : home;
  if (caches === null) return null;
  // V8 takes no code that was made under other flags; the daemon has some
  const build = [basename(bundle, '.cjs'), process.version, process.arch];
  const made = [...build, command, ...process.execArgv, NODE_OPTIONS].join('-');
  return join(caches, 'git-coord', `${made.replace(/[^\w.-]+/g, '_').slice(0, nameCharsMax)}.bin`);
}

/** What somebody else wrote isn't run, and what is damaged isn't either. */
function readKept(path: string): Buffer | undefined {
  try {
    const found = lstatSync(path);
    if (!found.isFile() || found.uid !== process.getuid?.()) return undefined;
    const bytes = readFileSync(path);
    const code = bytes.subarray(0, bytes.length / 2);
    return code.length > 0 && bytes.subarray(code.length).equals(code) ? code : undefined;
  } catch {
    return undefined;
  }
}

/** It only makes the next start faster: what can't be written is left. */
function keep(path: string, make: () => Buffer): void {
  const beside = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const code = make();
    writeFileSync(beside, Buffer.concat([code, code]), { mode: 0o600, flag: 'wx' });
    renameSync(beside, path);
    forgetOld(dirname(path));
  } catch {
    // read-only, or full
    rmSync(beside, { force: true });
  }
}

/** What no start has made anew for long is of a build, or flags, that nobody uses. */
function forgetOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (/\.bin(\.\d+)?$/.test(name) && Date.now() - statSync(path).mtimeMs > ageMsMax) rmSync(path);
  }
}
