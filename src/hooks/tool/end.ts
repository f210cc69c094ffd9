/** When the model stops, and when its session ends: what becomes of what it holds. */
import type { HeldEntry } from '../../store/held-ledger.ts';
import type { ToolCall } from './call.ts';
import { type Claimant, claimantAt, heldBy, listener } from './claimant.ts';
import { forgetSaid, isFirst } from './once.ts';
import { nothing, type Reply } from './reply.ts';
import { folderOf, type ToolRequest } from './tool-request.ts';
import { unlandedCommits } from './unlanded.ts';

interface Work extends Pick<HeldEntry, 'task' | 'term' | 'agent' | 'session'> {
  readonly commits: number;
}

/** What is held for the session itself: what a process owns ends with that. */
async function workOf(claimant: Claimant, env: NodeJS.ProcessEnv): Promise<Work[]> {
  const held = heldBy(claimant).filter(({ state }) => state.owner === null);
  return Promise.all(
    held.map(async (entry) => ({ ...entry, commits: await unlandedCommits(claimant, env, entry.task) })),
  );
}

/** Has it go on once for a task whose commits haven't landed. */
export async function beforeStop(request: ToolRequest, call: ToolCall): Promise<Reply> {
  if (call.again) return nothing;
  const claimant = await claimantAt(folderOf(request, call), request.env, call);
  if (claimant === null || claimant.config.hooks.policy === 'off') return nothing;
  const { coordDir } = claimant.clone;
  const open = (await workOf(claimant, request.env)).filter(
    ({ task, term, commits }) => commits > 0 && isFirst(coordDir, listener(claimant), `stop.${task}.${term}`),
  );
  if (open.length === 0) return nothing;
  const parts = open.map(
    ({ task, commits }) => `${task} has ${countText(commits)}: git coord land ${task}, or git coord release ${task}`,
  );
  return {
    kind: 'go-on',
    text: `You still hold what hasn't landed. ${parts.join('; ')}. If it isn't finished, say so: you are asked once.`,
  };
}

/**
 * Gives back what has no commits; the rest is kept until its deadline. Cursor's conversations share a process, and so a
 * session: one that ends says nothing of what the others hold.
 */
export async function afterSession(request: ToolRequest, call: ToolCall): Promise<Reply> {
  if (call.processGoesOn || request.tool === 'cursor') return nothing;
  const claimant = await claimantAt(folderOf(request, call), request.env, call);
  if (claimant === null) return nothing;
  for (const session of claimant.sessions) forgetSaid(claimant.clone.coordDir, session);
  const work = await workOf(claimant, request.env);
  const idle = work.filter(({ commits }) => commits === 0);
  for (const one of idle) request.later(one, ['release', one.task, '--quiet']);
  const kept = work
    .filter(({ commits }) => commits > 0)
    .map(({ task, commits }) => `${task} (${countText(commits)}: git coord land ${task})`);
  const parts = [
    ...(idle.length > 0 ? [`given back: ${idle.map(({ task }) => task).join(', ')}`] : []),
    ...(kept.length > 0 ? [`kept until the deadline: ${kept.join(', ')}`] : []),
  ];
  return parts.length === 0 ? nothing : { kind: 'say', text: `git coord: ${parts.join('; ')}` };
}

const countText = (count: number): string =>
  `${count} ${count === 1 ? 'commit' : 'commits'} that ${count === 1 ? "hasn't" : "haven't"} landed`;
