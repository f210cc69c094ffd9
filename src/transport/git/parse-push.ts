/**
 * What `git push --porcelain` said, ref by ref. Pure. The flag of each ref counts, not the exit code (trap 1), and a
 * ref of which nothing was said is `unknown` unless git is known to have ended before it sent anything.
 */
import { posix } from 'node:path';
import type { RefAnswer } from '../port.ts';
import { cleanWords } from './redact.ts';

export interface PushOutput {
  /** The exit status; null when a signal ended git. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

export interface PushReading {
  readonly answers: ReadonlyMap<string, RefAnswer>;
  readonly message: string;
  readonly locks: readonly string[];
}

/** Reads the output of one push of `refs`. */
export function parsePush(output: PushOutput, refs: readonly string[], atomic: boolean): PushReading {
  const said = new Map<string, Said>();
  const asked = new Set(refs);
  for (const line of output.stdout.split('\n')) {
    const status = parseStatusLine(line, output.stderr);
    if (status === null || !asked.has(status.ref)) continue;
    // with several push URLs a ref is reported once for each: it has moved when all of them say so
    if ((said.get(status.ref)?.answer ?? 'applied') === 'applied') said.set(status.ref, status);
  }
  const silent = silentAnswer(output, atomic);
  const answers = new Map(refs.map((ref) => [ref, said.get(ref)?.answer ?? silent]));
  if ([...answers.values()].every((answer) => answer === 'applied')) return { answers, message: '', locks: [] };
  return { answers, message: messageOf(output, said), locks: lockFiles(output.stderr) };
}

interface Said {
  readonly ref: string;
  readonly answer: RefAnswer;
  readonly reason: string;
}

/** `<flag> TAB <from>:<to> TAB <summary>[ (<reason>)]` */
function parseStatusLine(line: string, stderr: string): Said | null {
  const [flag, refs, summary] = line.split('\t');
  if (flag === undefined || refs === undefined || summary === undefined || flag.length !== 1) return null;
  const ref = refs.slice(refs.lastIndexOf(':') + 1);
  if (flag === ' ' || flag === '+' || flag === '-' || flag === '*') return { ref, answer: 'applied', reason: '' };
  // the remote already holds that value, whoever wrote it: nothing moved, and the lease was not looked at
  if (flag === '=') return { ref, answer: 'conflict', reason: 'up to date' };
  if (flag !== '!') return null;
  const matched = /^\[([^\]]*)\](?: \((.*)\))?$/.exec(summary);
  const reason = matched?.[2] ?? matched?.[1] ?? summary;
  return { ref, answer: rejection(matched?.[1] ?? '', reason, stderr), reason };
}

/** The server's words for a ref that wasn't at the old value, or was locked: git's of several versions, and JGit's. */
const lostRace =
  /failed to update ref|cannot lock ref|atomic transaction failed|incorrect old value|reference already exists|reference does not exist|failed to lock|lock error|transaction aborted|stale info/i;

/** Why a lock could not be made when nobody else has it. */
const brokenDisk = /Permission denied|Read-only file system|No space left|Disk quota exceeded|Input\/output error/i;

function rejection(kind: string, reason: string, stderr: string): RefAnswer {
  if (kind === 'rejected') {
    if (reason === 'stale info') return 'conflict';
    return reason === 'atomic push failed' ? 'unsent' : 'refused';
  }
  if (kind === 'remote failure') return 'unknown';
  if (kind === 'no match') return 'unsent';
  return rejectionOf(reason, stderr);
}

/** What a server's own reason for not moving a ref means; `words`: what it said besides. */
export function rejectionOf(reason: string, words: string): 'conflict' | 'refused' {
  return lostRace.test(reason) && !brokenDisk.test(words) ? 'conflict' : 'refused';
}

/**
 * git's words when it ended before any request to change something: they all belong to the first contact.
 * (`unable to access` is said of the first HTTP request only; a later one is an `RPC failed`.)
 */
const beforeSending = [
  /^fatal: unable to access '/m,
  /^fatal: unable to look up /m,
  /^fatal: unable to connect to /m,
  /^fatal: Could not read from remote repository\./m,
  /^fatal: the remote end hung up upon initial contact/m,
  /^fatal: Authentication failed for /m,
  /^fatal: could not read (Username|Password) for /m,
  /^fatal: repository '.*' not found/m,
  /does not appear to be a git repository$/m,
  /^fatal: transport '.*' not allowed/m,
  /^fatal: [Uu]nable to find remote helper for /m,
  /^fatal: remote error: /m,
  /^fatal: the receiving end does not support /m,
  /^error: src refspec .* does not match any/m,
  /^fatal: (not a git repository|bad config|bad numeric config|unable to fork)/m,
];

const noAtomic = /^fatal: the receiving end does not support --atomic push/m;
/** A server's `reference-transaction` hook ends receive-pack; with an atomic push nothing has moved then. */
const hookAborted = /ref updates aborted by hook/;

function silentAnswer(output: PushOutput, atomic: boolean): RefAnswer {
  if (output.timedOut) return 'unknown';
  if (noAtomic.test(output.stderr)) return 'refused';
  if (atomic && hookAborted.test(output.stderr)) return 'refused';
  return beforeSending.some((pattern) => pattern.test(output.stderr)) ? 'unsent' : 'unknown';
}

function messageOf(output: PushOutput, said: ReadonlyMap<string, Said>): string {
  const all = [...said.values()].filter(({ answer, reason }) => reason !== '' && answer !== 'unsent');
  // what was only taken along says nothing of why
  const causes = all.filter(({ reason }) => reason !== 'atomic push failure');
  const reasons = (causes.length > 0 ? causes : all).map(({ ref, reason }) => `${ref}: ${reason}`);
  const lines = output.timedOut ? ['git push took longer than its time limit', ...reasons] : reasons;
  return cleanWords([...lines, output.stderr].join('\n'));
}

/** The lock files that stand in the way, by the server's words. */
export function lockFiles(stderr: string): string[] {
  const found = [...stderr.matchAll(/Unable to create '([^'\n]+\.lock)': File exists/g)];
  return [...new Set(found.map(([, path]) => posix.normalize(path ?? '')))];
}
