/** A bare repository with a book in it and the server's hooks, and pushes made by hand, byte for byte. */
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClaimNote, HeldClaim } from '../../src/domain/claim.ts';
import { newTask } from '../../src/domain/new-task.ts';
import type { Task, TaskNote, TaskOp } from '../../src/domain/task.ts';
import { installServerHooks } from '../../src/hooks/server/install-server.ts';
import { encodeCommit } from '../../src/store/commit-codec.ts';
import { encodeRequest, parseReport } from '../../src/transport/git/receive-pack.ts';
import { objectId } from '../../src/transport/objects/object-id.ts';
import { packObjects } from '../../src/transport/objects/pack.ts';
import { writeLooseObjects } from '../../src/transport/objects/write-loose.ts';
import type { NewCommit, RefUpdate } from '../../src/transport/port.ts';
import { git, makeBareRepo, makeScratch } from './repo.ts';

const at = '2026-11-22T10:00:00.000Z';
const records = new Map<string, NewCommit>();

function kept(commit: NewCommit): string {
  records.set(commit.oid, commit);
  return commit.oid;
}

let count = 0;
const freshNonce = () => `nonce-${String(++count).padStart(16, '0')}`;

/** A commit of a task's log; `parent`: the log's tip. The nonce is that of the tenure where one begins. */
export function record(op: TaskOp, task: Task, parent: string | null, more: Partial<TaskNote> = {}): string {
  const begins = op === 'claim' || op === 'take-over';
  const nonce = begins && task.holder ? task.holder.tenure : freshNonce();
  const note = { v: 1, kind: 'task', op, by: 'anna', at, nonce, task, ...more } as const;
  return raw(note, parent === null ? [] : [parent]);
}

/** A commit with the empty tree and this note, whatever it is. */
export function raw(note: unknown, parents: readonly string[]): string {
  const parts = { objectFormat: 'sha1', parents, agent: 'anna', dateMs: 0, subject: 'hold: by hand' } as const;
  return kept(encodeCommit({ ...parts, note }));
}

/** A commit that was made, with other bytes. */
export function changed(oid: string, change: (text: string) => string): string {
  const body = Buffer.from(change(records.get(oid)?.body.toString('latin1') ?? ''), 'latin1');
  return kept({ oid: objectId('sha1', 'commit', body), body });
}

export const openTask = (id: string): Task => newTask({ id, title: id }, { by: 'anna', at, nonce: '' });

export function heldBy(agent: string, task: Task): Task {
  const tenure = `tenure-${agent}-${String(++count).padStart(16, '0')}`;
  const holder = { agent, session: 's', tenure, ttlMs: 20_000 };
  return { ...task, state: 'claimed', term: task.term + 1, attempts: task.attempts + 1, holder };
}

/** The claim record of the task's tenure. */
export function claimRecord(task: Task, parent: string, more: Partial<HeldClaim> = {}): string {
  if (task.holder === null) throw new Error('nobody holds it');
  const { agent, session, tenure, ttlMs } = task.holder;
  const claim: ClaimNote = {
    v: 1, kind: 'claim', state: 'held', task: task.id, term: task.term, agent, session, tenure,
    cycle: 'c', ttlMs, claimedAt: at, beat: 0, progress: null, ...more,
  }; // biome-ignore format: one list
  return raw(claim, [parent]);
}

export const released = (task: Task, parent: string): string =>
  raw({ v: 1, kind: 'claim', state: 'released', task: task.id, term: task.term, nonce: freshNonce() }, [parent]);

export interface Pushed {
  /** Null for a ref that moved, else why not. */
  readonly refs: ReadonlyMap<string, string | null>;
  /** All that the server and its hooks said, wherever it went. */
  readonly words: string;
}

export interface GuardedRepo {
  readonly dir: string;
  /** Puts refs where the hooks aren't asked. */
  put(refs: Readonly<Record<string, string | null>>): Promise<void>;
  refs(): Promise<Record<string, string>>;
  /** A commit of code on top of others, in the repository. */
  code(parents: readonly string[], text?: string): Promise<string>;
  /** One request to receive-pack, with whatever old values. */
  push(updates: readonly RefUpdate[], atomic?: boolean): Promise<Pushed>;
  /** Takes the hook away. */
  without(hook: 'pre-receive' | 'reference-transaction'): Promise<void>;
  remove(): Promise<void>;
}

/** `guarded: false`: without the hooks. */
export async function makeGuardedRepo({ guarded = true } = {}): Promise<GuardedRepo> {
  const scratch = await makeScratch();
  const dir = await makeBareRepo(join(scratch.dir, 'remote.git'));
  if (guarded) await installServerHooks({ path: dir, env: process.env, node: process.execPath });
  const inDir = (...args: string[]) => git(['-c', 'core.hooksPath=/dev/null', ...args], { cwd: dir });
  // git's own refusals would hide ours
  await inDir('config', 'receive.denyDeleteCurrent', 'ignore');
  const tree = await inDir('hash-object', '-w', '-t', 'tree', '/dev/null');
  return {
    dir,
    async put(refs) {
      const made = Object.values(refs).flatMap((oid) => records.get(oid ?? '') ?? []);
      await writeLooseObjects(join(dir, 'objects'), 'sha1', made);
      const lines = Object.entries(refs).map(([ref, oid]) => (oid === null ? `delete ${ref}` : `update ${ref} ${oid}`));
      await runWith(
        dir,
        ['-c', 'core.hooksPath=/dev/null', 'update-ref', '--stdin'],
        Buffer.from(`${lines.join('\n')}\n`),
      );
    },
    async refs() {
      const lines = (await inDir('for-each-ref', '--format=%(refname) %(objectname)')).split('\n');
      return Object.fromEntries(lines.filter((line) => line !== '').map((line) => line.split(' ') as [string, string]));
    },
    code: (parents, text = freshNonce()) =>
      inDir('commit-tree', '-m', text, ...parents.flatMap((parent) => ['-p', parent]), tree),
    async push(updates, atomic = true) {
      const objects = [...records.values()];
      const pack = updates.some(({ to }) => to !== null) ? packObjects('sha1', objects) : Buffer.alloc(0);
      const request = encodeRequest({ updates, atomic, objectFormat: 'sha1' });
      const { stdout, stderr } = await receive(dir, Buffer.concat([request, pack]));
      const report = parseReport(stdout);
      return { refs: report.refs, words: report.words + stderr };
    },
    without: (hook) => rm(join(dir, 'hooks', hook)),
    remove: scratch.remove,
  };
}

async function runWith(dir: string, args: readonly string[], input: Buffer): Promise<void> {
  const child = spawn('git', args, { cwd: dir, stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(input);
  await new Promise((resolve) => child.once('close', resolve));
}

async function receive(dir: string, request: Buffer): Promise<{ stdout: Buffer; stderr: string }> {
  const child = spawn('git', ['receive-pack', '--stateless-rpc', dir], { stdio: 'pipe' });
  const [stdout, stderr]: Buffer[][] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => stdout?.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr?.push(chunk));
  // it may end before it has read all
  child.stdin.on('error', () => {});
  child.stdin.end(request);
  await new Promise((resolve) => child.once('close', resolve));
  return { stdout: Buffer.concat(stdout ?? []), stderr: Buffer.concat(stderr ?? []).toString('utf8') };
}
