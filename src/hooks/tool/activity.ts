import { monotonicMs, sinceBootMs } from '../../config/boot.ts';
import { stayActive } from '../../coordinator/stay-active.ts';
import { currentBranch, taskOfBranch } from '../commit-task.ts';
import type { ToolCall } from './call.ts';
import { claimantAt, heldBy, leaseLeft, ledgerOf } from './claimant.ts';
import { renewLater } from './renew-later.ts';
import { folderOf, type ToolRequest } from './tool-request.ts';

/** The ledger's file is not written for each of many small steps. */
const touchMsMin = 10_000;
/** A daemon renews at a third at the latest: with less nobody does. */
const leaseLeftMin = 0.4;

/**
 * After a tool: work was done on the task of the worktree, or else on all that the session holds, so that no deadline of an
 * attempt passes meanwhile (protocol 9). A lease that nobody renews is renewed after the answer.
 */
export async function noteActivity(request: ToolRequest, call: ToolCall): Promise<void> {
  const claimant = await claimantAt(folderOf(request, call), request.env, call);
  if (claimant === null) return;
  const ledger = ledgerOf(claimant);
  const held = heldBy(claimant, ledger);
  if (held.length === 0) return;
  const branch = await currentBranch(claimant.clone, request.env);
  const task = branch === null ? null : taskOfBranch(branch, claimant.config.tasks.branch);
  const own = held.filter((entry) => entry.task === task);
  const clock = { wall: () => '', monoMs: monotonicMs, bootMs: sinceBootMs, sleep: async () => {} };
  for (const { task: id, state } of own.length > 0 ? own : held)
    if (clock.bootMs() - state.activeBootMs > touchMsMin) stayActive({ held: ledger, clock }, id);
  for (const entry of held) if (leaseLeft(entry) < leaseLeftMin) renewLater(request, claimant, entry, entry.task);
}
