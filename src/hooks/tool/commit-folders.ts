import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Of one command: words, and what ends it. Quotes hold words together. */
const token = /(?:[^\s;&|()'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+|[;&|()\n]+/g;
const assignment = /^[A-Za-z_]\w*=/;
const valued = new Set(['-C', '-c', '--git-dir', '--work-tree', '--namespace', '--exec-path', '--config-env']);

/**
 * The folders in which a shell's command line runs `git commit`, as far as its plain words tell. What isn't seen here git's
 * own hook sees, when it commits. A line that claims first, or lets itself through, is left to that.
 */
export function commitFolders(line: string, cwd: string): string[] {
  let folder = cwd;
  const found: string[] = [];
  for (const words of commandsOf(line)) {
    const bypass = words.some((word) => word === 'COORD_BYPASS=1');
    const [program = '', ...args] = words.slice(words.findIndex((word) => !assignment.test(word)));
    if (program === 'cd' && args[0] !== undefined) folder = into(folder, args[0]);
    const { verb, at, next } = program === 'git' ? gitCall(args, folder) : { verb: program, at: folder, next: args[0] };
    const claims = (verb === 'coord' || verb === 'git-coord') && /^(?:claim|start)$/.test(next ?? '');
    if (claims || bypass) return [];
    if (program === 'git' && verb === 'commit') found.push(at);
  }
  return found;
}

function commandsOf(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const [word] of line.replaceAll('\\\n', ' ').matchAll(token)) {
    if (/^[;&|()\n]/.test(word)) commands.push([]);
    else commands.at(-1)?.push(word.replace(/\\(.)|['"]/g, '$1'));
  }
  return commands.filter(({ length }) => length > 0);
}

function gitCall(args: readonly string[], folder: string): { verb: string; at: string; next: string | undefined } {
  let at = folder;
  let i = 0;
  for (; args[i]?.startsWith('-'); i++) {
    if (args[i] === '-C') at = into(at, args[i + 1] ?? '.');
    if (valued.has(args[i] ?? '')) i++;
  }
  return { verb: args[i] ?? '', at, next: args[i + 1] };
}

const into = (folder: string, path: string): string =>
  path.startsWith('~/') ? join(homedir(), path.slice(2)) : isAbsolute(path) ? path : resolve(folder, path);
