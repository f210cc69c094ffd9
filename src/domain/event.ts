import type { AgentNote } from './agent.ts';
import { isId } from './ids.ts';
import type { Json } from './task.ts';

/**
 * Events (protocol 3). Each step of a task is one, and stands in the task's log; nothing is written twice for it. What
 * agents tell stands in `events/<agent>`: a chain that is written by that agent alone.
 */
export interface EventNote {
  v: 1;
  kind: 'event';
  id: string;
  type: string;
  by: string;
  at: string;
  /** Counts the agent's events, also across chains. */
  seq: number;
  /** The `seq` of the first event of this chain. */
  first: number;
  /** On the first event of a chain that was begun anew: where the chain before it ended. */
  after?: { tip: string; seq: number } | undefined;
  data: Json;
}

/** An event that waits to be pushed; those of an agent go in the order of their names. */
export interface QueuedEvent extends Pick<EventNote, 'id' | 'type' | 'by' | 'at' | 'data'> {
  readonly name: string;
}

/** An event as it is shown, whatever it stands in. */
export interface ShownEvent {
  /** The commit of a task's step; what its writer called any other. */
  id: string;
  type: string;
  at: string;
  by: string;
  task: string | null;
  term: number | null;
  /** Of an agent's chain; a task's log counts nothing. */
  seq: number | null;
  data: Json;
}

export const eventLimits = {
  dataBytes: 64 * 1024,
  /** Above so many, an agent's chain is begun anew. */
  chain: 1000,
  /** The newest ones go along, for those who look rarely. */
  carried: 64,
  /** Waiting to be pushed, in one clone. */
  queued: 1000,
  /** What counts higher is nobody's end of a chain: what is added to it must still be a count that can be read. */
  seq: 2 ** 52,
} as const;

const reserved = /^(task|agent|watch)(\.|$)/;

/** Why nobody may publish an event of this type; null: anybody may. */
export function typeProblem(type: string): string | null {
  if (!isId(type)) return 'a type has 1 to 64 of a-z 0-9 . _ - and begins with a letter or digit';
  if (reserved.test(type)) return 'types that begin with task., agent. and watch. are told by the tool itself';
  return null;
}

const toldByTheTool: ReadonlySet<string> = new Set(['agent.registered', 'agent.status', 'agent.offline']);

/** Whether a note on an agent's chain is an event: anybody can push anything there, but only what that agent may tell counts. */
export function isEventOf({ by, type, data }: EventNote, agent: string): boolean {
  if (by !== agent) return false;
  if (!toldByTheTool.has(type)) return typeProblem(type) === null;
  const task = taskIn(data);
  return task === null || (typeof task === 'string' && isId(task));
}

/** A note as it is shown. Which task it is about is taken from nothing but what the tool itself tells. */
export function shownEvent({ id, type, at, by, seq, data }: EventNote): ShownEvent {
  const task = toldByTheTool.has(type) ? taskIn(data) : null;
  return { id, type, at, by, task: typeof task === 'string' ? task : null, term: null, seq, data };
}

const taskIn = (data: Json): Json =>
  typeof data === 'object' && data !== null && !Array.isArray(data) ? (data.task ?? null) : null;

/**
 * What an agent's new record tells: that it is there, or has another status. Which tasks it holds is told by the tasks.
 * @param before what was last sent of it; null: nothing
 */
export function agentEvent(before: AgentNote | null, after: AgentNote): Pick<EventNote, 'type' | 'data'> | null {
  if (before === null) {
    const { host, project, capabilities, status } = after;
    return { type: 'agent.registered', data: { host, project, capabilities, status, task: after.tasks[0] ?? null } };
  }
  if (before.status === after.status) return null;
  const begun = after.tasks.find((task) => !before.tasks.includes(task));
  const ended = before.tasks.find((task) => !after.tasks.includes(task));
  const type = after.status === 'offline' ? 'agent.offline' : 'agent.status';
  return { type, data: { from: before.status, to: after.status, task: begun ?? ended ?? null } };
}

/** Which events somebody wants. What is absent, or an empty list, chooses all. */
export interface EventFilter {
  /** A type, or the beginning of some: `task.*`. */
  readonly types?: readonly string[] | undefined;
  readonly task?: string | undefined;
  /** By this agent. */
  readonly agent?: string | undefined;
}

export function isWanted(event: ShownEvent, { types = [], task, agent }: EventFilter): boolean {
  if (task !== undefined && event.task !== task) return false;
  if (agent !== undefined && event.by !== agent) return false;
  return types.length === 0 || types.some((type) => fitsType(event.type, type));
}

const fitsType = (type: string, wanted: string): boolean =>
  wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;

/**
 * Several logs as one: each keeps its own order whatever its times say, and among logs the earlier goes first. Times are
 * those of many machines: between logs the order is for people.
 */
export function inOneOrder<T extends { readonly at: string }>(logs: readonly (readonly T[])[]): T[] {
  const left = logs.filter((log) => log.length > 0).map((log) => ({ log, next: 0 }));
  const merged: T[] = [];
  while (left.length > 0) {
    let best = left[0] as (typeof left)[number];
    for (const one of left) if (at(one) < at(best)) best = one;
    merged.push(best.log[best.next++] as T);
    if (best.next === best.log.length) left.splice(left.indexOf(best), 1);
  }
  return merged;
}

const at = <T extends { readonly at: string }>({ log, next }: { log: readonly T[]; next: number }): string =>
  log[next]?.at ?? '';
