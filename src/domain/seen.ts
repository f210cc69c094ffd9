import type { Lease } from './claim.ts';
import { unreadableTtlMs } from './claim.ts';
import type { Task, TaskNote } from './task.ts';

/** What a task's ref shows. A note that can't be read hides nothing but itself (protocol 3, "Bad notes"). */
export type TaskSeen =
  | { readonly kind: 'absent' }
  | { readonly kind: 'bad'; readonly oid: string; readonly why: string }
  | { readonly kind: 'task'; readonly oid: string; readonly note: TaskNote };

/** Both refs of a task as one read showed them. Not a snapshot: see `fits`. */
export interface Seen {
  readonly id: string;
  readonly task: TaskSeen;
  readonly lease: Lease;
  /** The remote's task ref is behind what this clone once saw there (protocol 5). */
  readonly wentBack: boolean;
}

/** Who asks. A claim belongs to both. */
export interface Who {
  readonly agent: string;
  readonly session: string;
}

/** The claim record of the task's own tenure, or null: free, an orphan or unreadable. */
export function ownClaim(task: Task, lease: Lease) {
  return task.holder && lease.kind === 'held' && lease.claim.tenure === task.holder.tenure ? lease.claim : null;
}

/**
 * Whether the two refs agree: claimed and its tenure's lease, or not claimed and free. A read that doesn't fit may
 * have been cut between the two, so it is done again before anything is decided (protocol 4).
 */
export function fits({ task, lease }: Seen): boolean {
  if (task.kind === 'bad') return true;
  if (task.kind === 'absent' || task.note.task.state !== 'claimed') return lease.kind === 'free';
  return ownClaim(task.note.task, lease) !== null;
}

/** The value whose standstill would allow somebody else to try, and the ttl that counts: the record's, never one's own. */
export interface ExpiryBasis {
  readonly ref: 'board' | 'claims';
  readonly oid: string;
  readonly ttlMs: number;
}

/** What has to stand still before this task's claim may be taken or pruned; null when nothing is held (protocol 6, 8). */
export function expiryBasis({ task, lease }: Seen): ExpiryBasis | null {
  if (task.kind === 'bad') return null;
  const record = task.kind === 'task' ? task.note.task : null;
  if (record?.holder && task.kind === 'task') {
    const claim = ownClaim(record, lease);
    if (claim && lease.oid !== null) return { ref: 'claims', oid: lease.oid, ttlMs: claim.ttlMs };
    return { ref: 'board', oid: task.oid, ttlMs: record.holder.ttlMs };
  }
  if (lease.kind === 'free') return null;
  return { ref: 'claims', oid: lease.oid, ttlMs: lease.kind === 'held' ? lease.claim.ttlMs : unreadableTtlMs };
}
