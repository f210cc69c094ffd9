import type { ClaimNote, HeldClaim } from '../domain/claim.ts';
import type { Decision, Stamp, Via } from '../domain/decision.ts';
import type { Seen, Who } from '../domain/seen.ts';
import { claimSubject, taskSubject } from '../domain/subjects.ts';
import type { TaskNote } from '../domain/task.ts';
import { encodeCommit, parseNote } from '../store/commit-codec.ts';
import type { PendingEntry } from '../store/json-ledger.ts';
import type { NewCommit, RefUpdate } from '../transport/port.ts';
import { checkNote } from './check-input.ts';
import type { Context } from './context.ts';

/** A transition made into commits: what is written down before it is sent, and sent again unchanged (protocol 5). */
export type Attempt = PendingEntry;

type Write = Extract<Decision, { kind: 'write' }>;

interface AttemptRequest extends Pick<Attempt, 'command' | 'branch' | 'owner'> {
  readonly who: Who;
  readonly asHolder?: boolean;
}

export function makeAttempt(
  context: Context,
  { command, who, asHolder, branch, owner }: AttemptRequest,
  seen: Seen,
  write: Write,
  stamp: Stamp,
): Attempt {
  const note: TaskNote = {
    v: 1,
    kind: 'task',
    op: write.op,
    by: stamp.by,
    at: stamp.at,
    nonce: stamp.nonce,
    task: write.task,
  };
  const taskFrom = seen.task.kind === 'absent' ? null : seen.task.oid;
  const commit = encodeTask(context, note, taskFrom);
  const tenure = seen.task.kind === 'task' ? (seen.task.note.task.holder?.tenure ?? null) : null;
  return {
    name: `${seen.id}.${commit.oid.slice(0, 12)}`,
    command,
    op: write.op,
    task: seen.id,
    agent: who.agent,
    session: who.session,
    taskFrom,
    taskTo: commit.oid,
    taskBody: commit.body.toString('base64'),
    claimFrom: seen.lease.oid,
    branch,
    claim: claimPart(context, write, commit.oid, seen.lease.oid),
    endsTenure: write.task.holder === null ? tenure : null,
    holderTenure: asHolder ? tenure : null,
    via: write.via ?? null,
    boot: context.boot,
    sentBootMs: context.clock.bootMs(),
    ttlMs: write.task.holder?.ttlMs ?? 0,
    owner,
  };
}

/** A commit of a task's log. @throws CoordError `usage` for what couldn't be read again */
export function encodeTask(context: Context, note: TaskNote, parent: string | null): NewCommit {
  const commit = encodeCommit({
    objectFormat: context.store.objectFormat,
    parents: parent === null ? [] : [parent],
    agent: note.by,
    dateMs: Date.parse(note.at),
    subject: taskSubject(note),
    note,
  });
  checkNote(note, commit.body.length);
  return commit;
}

function claimPart(context: Context, write: Write, parent: string, claimFrom: string | null): Attempt['claim'] {
  if (write.lease === 'keep') return { kind: 'keep' };
  if (write.lease === 'free') return claimFrom === null ? { kind: 'keep' } : { kind: 'free' };
  const commit = encodeClaim(context, write.lease, parent, claimFrom);
  return { kind: 'hold', oid: commit.oid, body: commit.body.toString('base64'), record: write.lease };
}

/** A claim's commit: below the task commit of its tenure; chained where the host takes fast-forwards only. */
export function encodeClaim(context: Context, claim: ClaimNote, parent: string, previous: string | null): NewCommit {
  const chained = !context.profile.nonFastForward && previous !== null;
  const held = claim.state === 'held';
  return encodeCommit({
    objectFormat: context.store.objectFormat,
    parents: chained ? [parent, previous] : [parent],
    agent: held ? claim.agent : 'git-coord',
    dateMs: held ? Date.parse(claim.progress?.at ?? claim.claimedAt) || 0 : 0,
    subject: claimSubject(claim),
    note: claim,
  });
}

/** The refs that move and the objects that they need. Task first, then branch and claim: see protocol 4. `released` stands for a deletion. */
export function pushOf(context: Context, attempt: Attempt, claimFrom: string | null, released: boolean) {
  const { layout } = context.store;
  const objects: NewCommit[] = [{ oid: attempt.taskTo, body: Buffer.from(attempt.taskBody, 'base64') }];
  const updates: RefUpdate[] = [{ ref: layout.board(attempt.task), from: attempt.taskFrom, to: attempt.taskTo }];
  const { branch } = attempt;
  if (branch) updates.push({ ref: branch.ref, from: branch.from, to: branch.to });
  const ref = layout.claims(attempt.task);
  if (attempt.claim.kind === 'hold') {
    const claim = rechained(context, attempt, claimFrom);
    objects.push(claim);
    updates.push({ ref, from: claimFrom, to: claim.oid });
  } else if (attempt.claim.kind === 'free' && claimFrom !== null) {
    if (!released) updates.push({ ref, from: claimFrom, to: null });
    else {
      const free = freeRecord(context, attempt, claimFrom);
      objects.push(free);
      updates.push({ ref, from: claimFrom, to: free.oid });
    }
  }
  return { updates, objects };
}

/** The claim as it was made; made again on the fresh value where beats are chained. */
function rechained(context: Context, attempt: Attempt, claimFrom: string | null): NewCommit {
  if (attempt.claim.kind !== 'hold') throw new Error('no claim in this attempt');
  if (context.profile.nonFastForward || claimFrom === attempt.claimFrom) {
    return { oid: attempt.claim.oid, body: Buffer.from(attempt.claim.body, 'base64') };
  }
  return encodeClaim(context, attempt.claim.record as HeldClaim, attempt.taskTo, claimFrom);
}

function freeRecord(context: Context, attempt: Attempt, claimFrom: string): NewCommit {
  const note = taskOf(attempt);
  const free = {
    v: 1,
    kind: 'claim',
    state: 'released',
    task: attempt.task,
    term: note.task.term,
    nonce: note.nonce,
  } as const;
  return encodeClaim(context, free, attempt.taskTo, claimFrom);
}

/** The note that this attempt writes. */
export function taskOf(attempt: Attempt): TaskNote {
  const body = Buffer.from(attempt.taskBody, 'base64').toString();
  return parseNote(body.slice(body.indexOf('\n\n') + 2)) as TaskNote;
}

export const viaOf = (attempt: Attempt): Via | undefined => (attempt.via ?? undefined) as Via | undefined;
