import { readdir, readlink, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clone } from '../config/clone.ts';
import type { QueuedEvent } from '../domain/event.ts';
import type { Folder } from '../store/folder.ts';
import { jsonLedger } from '../store/json-ledger.ts';
import { bad, type Finding, good, quoted } from './diagnose.ts';
import { gitAtWork } from './git-at-work.ts';

/** Folders of a clone's refs in which this tool writes, and the depth to which it does. */
const folders = ['board', 'claims', 'agents', 'events', 'archive', 'coord'];
const depthMax = 4;
/** git and this tool hold a lock for milliseconds, and wait for one for a second at most. */
const watchMs = 1200;

/**
 * Lock files of a killed process: they block a ref of the book, or every deletion (`packed-refs.lock`), for good (trap
 * 11). One that is there twice, unchanged, and that
 * nobody has open is nobody's, unless git is in the middle of something here all the time.
 */
export async function checkLocks(clone: Pick<Clone, 'commonDir' | 'coordDir'>, prefix: string): Promise<Finding> {
  const { commonDir } = clone;
  const first = await findLocks(commonDir, prefix);
  if (first.size === 0) return good('locks', 'no lock files');
  const atWork = gitAtWork(clone);
  await delay(watchMs);
  const second = await findLocks(commonDir, prefix);
  const still = [...first].filter(([path, identity]) => second.get(path) === identity).map(([path]) => path);
  const open = still.length === 0 ? new Set<string>() : await openFiles();
  const stale = still.filter((path) => !open.has(path));
  if (stale.length === 0) return good('locks', 'no lock files that stay');
  const holders = [...gitAtWork(clone)].filter((pid) => atWork.has(pid)).join(', ');
  if (holders !== '') {
    const detail = `${stale.join(', ')}: git (process ${holders}) is in the middle of something here, and may hold what stays locked`;
    return bad(
      'locks',
      detail,
      `let it go on, or end it: ps -o pid,stat,args -p ${holders.replaceAll(' ', '')}`,
      'unavailable',
    );
  }
  const detail = `left by a killed process: ${stale.join(', ')}`;
  const unchanged = async (path: string) => (await identityOf(path)) === first.get(path);
  const repair = async () => {
    for (const path of stale) if (await unchanged(path)) await rm(path, { force: true });
  };
  return { ...bad('locks', detail, `rm -f ${stale.map(quoted).join(' ')}`, 'unavailable'), repair };
}

/** What processes of this machine have open, as far as this user may see: a lock among it is still being written. */
async function openFiles(): Promise<Set<string>> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const files = pids.map(async (pid) => {
    const folder = `/proc/${pid}/fd`;
    const numbers = await readdir(folder).catch(() => []);
    return Promise.all(numbers.map((number) => readlink(join(folder, number)).catch(() => '')));
  });
  return new Set((await Promise.all(files)).flat());
}

async function findLocks(commonDir: string, prefix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const places = [...new Set([prefix, 'refs/'])].flatMap((root) => folders.map((name) => join(commonDir, root, name)));
  await Promise.all(places.map((place) => collect(place, depthMax, found)));
  await note(join(commonDir, 'packed-refs.lock'), found);
  await note(join(commonDir, 'config.lock'), found);
  return found;
}

async function collect(folder: string, depth: number, found: Map<string, string>): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (depth > 0) await collect(path, depth - 1, found);
    } else if (entry.name.endsWith('.lock')) await note(path, found);
  }
}

async function note(path: string, found: Map<string, string>): Promise<void> {
  const identity = await identityOf(path);
  if (identity !== null) found.set(path, identity);
}

async function identityOf(path: string): Promise<string | null> {
  const facts = await stat(path).catch(() => null);
  return facts === null ? null : `${facts.ino} ${facts.size} ${facts.mtimeMs}`;
}

/**
 * Events that wait in this clone to be pushed: the daemon does that, and with none they would wait unmentioned.
 * @param outbox read by its clone @param path of it, for people
 */
export function checkEvents(outbox: Folder, path: string, daemonRuns: boolean): Finding {
  const names = outbox.names();
  const waiting = jsonLedger<QueuedEvent>(outbox).all().length;
  if (waiting < names.length) {
    const detail = `${names.length - waiting} of the events in ${path} can't be read, or were put there by another clone: they go nowhere`;
    return bad('events', detail, 'look at them and remove them', null);
  }
  const detail = waitingText(waiting);
  if (waiting === 0 || daemonRuns) return good('events', detail);
  return bad('events', detail, 'git coord daemon start', null);
}

/** So many events that wait, in words. */
export function waitingText(count: number): string {
  if (count === 0) return 'none waits to be pushed';
  return count === 1 ? '1 event waits to be pushed' : `${count} events wait to be pushed`;
}

/**
 * Settings of the book's remote that would rewind or delete live claims there, or bring the book into the clone and
 * prune it (trap 8).
 */
export function checkRefspecs({ gitConfig }: Pick<Clone, 'gitConfig'>, remote: string, prefix: string): Finding {
  const names = remoteNames(gitConfig, remote);
  const problems: { readonly text: string; readonly fix: string }[] = [];
  for (const name of names) {
    const of = (key: string) => gitConfig.get(`remote.${name}.${key}`) ?? [];
    if (/^(true|yes|on|1)$/i.test(of('mirror').at(-1) ?? ''))
      problems.push({
        text: `remote.${name}.mirror: every git push would rewind and delete claims`,
        fix: `git config --unset-all remote.${name}.mirror`,
      });
    for (const [key, harm] of [
      ['push', 'git push would rewind or delete claims'],
      ['fetch', 'git fetch would write over the claims shown in this clone'],
    ] as const) {
      for (const spec of of(key).filter((each) => touchesBook(each, prefix, key === 'push')))
        problems.push({
          text: `remote.${name}.${key} ${spec}: ${harm}`,
          fix: `git config --fixed-value --unset-all remote.${name}.${key} '${spec}'`,
        });
    }
  }
  if (problems.length === 0) return good('refspecs', 'no push or fetch setting touches the book');
  const fix = problems.map((problem) => problem.fix).join(' && ');
  return bad('refspecs', problems.map((problem) => problem.text).join('; '), fix, 'config');
}

function remoteNames(gitConfig: Clone['gitConfig'], remote: string): string[] {
  if (gitConfig.has(`remote.${remote}.url`)) return [remote];
  return [...gitConfig].flatMap(([key, urls]) => {
    const name = /^remote\.(.+)\.url$/.exec(key)?.[1];
    return name !== undefined && urls.includes(remote) ? [name] : [];
  });
}

/** Whether the written side of a refspec covers refs of the book, or its mirror in the clone. */
function touchesBook(spec: string, prefix: string, isPush: boolean): boolean {
  if (spec.startsWith('^')) return false;
  const [source = '', target = source] = spec.replace(/^\+/, '').split(':');
  // `:` alone pushes what has the same name on both sides; what only branches are pushed for is left alone
  const pattern = target === '' ? source : target;
  const start = pattern.split('*')[0] ?? '';
  const whole = !pattern.includes('*');
  const roots = isPush ? [prefix] : ['refs/'];
  const book = roots.flatMap((root) => folders.map((name) => `${root}${name}/`));
  return book.some((ref) => start.startsWith(ref) || (!whole && ref.startsWith(start)));
}
