/** What the remote shows, read with plain git: the live table and the final count come from here alone. */
import type { HeldClaim } from '../../domain/claim.ts';
import type { TaskNote } from '../../domain/task.ts';
import { plan } from './plan.ts';
import type { Scene } from './scene.ts';

export type SeenTask = TaskNote['task'];

export interface Look {
  readonly tasks: ReadonlyMap<string, SeenTask>;
  readonly claims: ReadonlyMap<string, HeldClaim>;
}

export async function lookAtRemote({ git, remote }: Scene): Promise<Look> {
  const args = ['for-each-ref', '--format=%(refname) %(contents:body)%00', 'refs/board', 'refs/claims'];
  const tasks = new Map<string, SeenTask>();
  const claims = new Map<string, HeldClaim>();
  for (const entry of (await git(remote, args)).split('\0')) {
    const [, space, id = '', note = ''] = /^\s*refs\/(board|claims)\/(\S+)\s(.*)$/s.exec(entry) ?? [];
    if (space === 'board') tasks.set(id, (JSON.parse(note) as TaskNote).task);
    if (space === 'claims') claims.set(id, JSON.parse(note) as HeldClaim);
  }
  return { tasks, claims };
}

export const claimOf = (look: Look, worker: string): HeldClaim | undefined =>
  [...look.claims.values()].find((claim) => claim.state === 'held' && claim.agent === worker);

export const countDone = (look: Look): number =>
  [...look.tasks.values()].filter((task) => task.state === 'done').length;

/** All that happened to each task, oldest first. */
export async function readLogs({ git, remote }: Scene): Promise<ReadonlyMap<string, TaskNote[]>> {
  const logs = new Map<string, TaskNote[]>();
  for (const { id } of plan) {
    const text = await git(remote, ['log', '--reverse', '--format=%b%x00', `refs/board/${id}`]);
    const notes = text.split('\0').filter((entry) => entry.trim() !== '');
    logs.set(
      id,
      notes.map((note) => JSON.parse(note) as TaskNote),
    );
  }
  return logs;
}
