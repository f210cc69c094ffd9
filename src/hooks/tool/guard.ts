/**
 * Before an edit or a commit. By the rule of the commit hook, but by what this clone knows: nobody is asked over the network.
 *
 * the worktree              answer (policy require; warn says it once a session)
 * outside the repository    passes
 * without a book            passes
 * on a branch without task  passes; an edit with a reminder, once a session
 * its task held by us       passes
 * its task by others, lost, or by nobody   refused, with what to type
 */
import { resolve } from 'node:path';
import { isId } from '../../domain/ids.ts';
import { quoted } from '../../domain/quoted.ts';
import { freshTenure } from '../check-claim.ts';
import { currentBranch, taskOfBranch } from '../commit-task.ts';
import type { ToolCall } from './call.ts';
import { type Claimant, claimantAt, ledgerOf, listener } from './claimant.ts';
import { commitFolders } from './commit-folders.ts';
import { isFirst } from './once.ts';
import { renewLater } from './renew-later.ts';
import { nothing, type Reply } from './reply.ts';
import { repositoryAt } from './repository-at.ts';
import { type Holder, type Standing, shownHolder, standingOf } from './standing.ts';
import type { ToolRequest } from './tool-request.ts';

export async function guard(request: ToolRequest, call: ToolCall): Promise<Reply> {
  if (request.env.COORD_BYPASS === '1') return nothing;
  let said: Reply = nothing;
  for (const root of worktreesOf(request, call)) {
    const reply = await guardWorktree(root, request, call);
    if (reply.kind === 'deny') return reply;
    if (reply.kind !== 'nothing') said = reply;
  }
  return said;
}

/** The worktrees of the repository that the call writes to. */
function worktreesOf({ cwd, env }: ToolRequest, call: ToolCall): ReadonlySet<string> {
  const here = resolve(cwd, call.cwd ?? '.');
  const own = repositoryAt(env.CLAUDE_PROJECT_DIR || here);
  if (own === null) return new Set();
  const paths = [
    ...call.edits.map((path) => resolve(here, path)),
    ...(call.command === null ? [] : commitFolders(call.command, here)),
  ];
  const places = paths.map(repositoryAt).filter((place) => place?.commonDir === own.commonDir);
  return new Set(places.flatMap((place) => place?.root ?? []));
}

async function guardWorktree(root: string, request: ToolRequest, call: ToolCall): Promise<Reply> {
  const claimant = await claimantAt(root, request.env, call);
  const policy = claimant?.config.hooks.policy ?? 'off';
  if (claimant === null || policy === 'off') return nothing;
  const { clone, config, agent, sessions } = claimant;
  const branch = await currentBranch(clone, request.env);
  const task = branch === null ? null : taskOfBranch(branch, config.tasks.branch);
  if (task === null) return call.edits.length > 0 ? reminder(claimant) : nothing;
  const entry = ledgerOf(claimant).get(task);
  const fresh = sessions.some((session) => freshTenure(clone, { agent, session }, task) !== null);
  const standing = standingOf(claimant, { entry, fresh, shown: () => shownHolder(claimant, request.env, task) });
  if (standing.kind === 'held') {
    // whether it was lost meanwhile is found out by the renewal, and by the commit
    if (standing.renew) renewLater(request, claimant, entry ?? claimant, task);
    return nothing;
  }
  const text = refusalText(task, standing, agent);
  if (policy === 'require') return { kind: 'deny', text };
  return isFirst(clone.coordDir, listener(claimant), `warned.${task}`) ? { kind: 'context', text } : nothing;
}

function refusalText(task: string, standing: Exclude<Standing, { kind: 'held' }>, agent: string): string {
  const [why, ...next] = refusalParts(task, standing, agent);
  return `Nothing is written here: this worktree's branch is that of ${task}, and ${why}. Type: ${next.join(', or: ')}`;
}

function refusalParts(task: string, standing: Exclude<Standing, { kind: 'held' }>, agent: string): string[] {
  const claim = `git coord claim ${task}`;
  if (standing.kind === 'nobody') return ['nobody holds it', claim];
  if (standing.kind === 'lost') {
    const taken =
      standing.holder === null ? 'it is no longer yours' : `${holderText(standing.holder, agent)} has it now`;
    return [`you have lost it: ${taken}`, `git coord log ${task}`, 'git coord claim --next'];
  }
  return [`${holderText(standing.holder, agent)} holds it`, 'git coord claim --next', `${claim} --wait 10m`];
}

function holderText({ agent, claimedAt }: Holder, own: string): string {
  const name = isId(agent) ? agent : quoted(agent);
  const since = /^[\d:.TZ-]{20,30}$/.test(claimedAt) ? ` (since ${claimedAt})` : '';
  return `${name}${agent === own ? ', in another session of yours,' : ''}${since}`;
}

function reminder(claimant: Claimant): Reply {
  const { clone, config } = claimant;
  const branch = config.tasks.branch.replace('{id}', '<id>');
  const text = `This branch belongs to no task, so nobody knows that you work here. Take a task first: git coord ready, then git coord start <id>, and work in its worktree (branch ${branch}).`;
  return isFirst(clone.coordDir, listener(claimant), 'reminder') ? { kind: 'context', text } : nothing;
}
