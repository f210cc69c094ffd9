import { createHash } from 'node:crypto';
import { isId } from '../../domain/ids.ts';
import { type Json, limits, type Task } from '../../domain/task.ts';
import type { Found } from '../found-tasks.ts';
import { foldedId } from '../written-task.ts';
import { addNeedsOfParents } from './parents.ts';

/** A task as another tool keeps it: what of it means something here, in our words, and the rest (docs/cli.md, "From other tools"). */
export interface ForeignTask {
  /** As it is there. */
  readonly id: string;
  readonly title: Json | undefined;
  /** Texts in order, each with its heading; null: none. */
  readonly texts: readonly (readonly [heading: string | null, text: Json | undefined])[];
  readonly type?: string | undefined;
  /** Ours: higher first, 0 is usual. */
  readonly priority: number;
  readonly labels: readonly string[];
  /** Ids as they are there. */
  readonly needs: readonly string[];
  /** What it is a part of. */
  readonly parent: string | null;
  readonly state: 'open' | 'claimed' | 'done' | 'failed' | 'cancelled';
  readonly result?: Json | undefined;
  readonly notes?: Task['notes'] | undefined;
  readonly notBefore?: string | undefined;
  readonly createdAt?: string | undefined;
  readonly createdBy?: string | undefined;
  /** What has no place in a task here: kept in the payload, with the id and the tool. */
  readonly kept: Readonly<Record<string, Json | undefined>>;
  /** What is handed to whoever does it, in place of what is kept. */
  readonly payload?: Json | undefined;
  readonly place: Found['place'];
}

export type Tool = 'beads' | 'backlog.md' | 'task-master' | 'claim-files';

/**
 * An id of another tool as one of ours: capitals are folded, what an id can't have becomes a hyphen. What then is none still is
 * replaced by a hash of it, so that it is the same each time.
 */
export function foreignId(id: string): string {
  const plain = foldedId(id.trim())
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^a-z0-9]+|[.-]+$/g, '');
  return isId(plain) ? plain : `t-${createHash('sha256').update(id).digest('hex').slice(0, 10)}`;
}

export interface ForeignTasks {
  readonly found: readonly Found[];
  readonly notices: readonly string[];
}

/**
 * Tasks of one tool as they are written here. A need that names nothing is left out with a notice: it would wait for ever.
 * @param resolve finds what a need means that names no id, among the tasks; null: nothing
 */
export function foreignTasks(
  tool: Tool,
  tasks: readonly ForeignTask[],
  resolve: (need: string) => string | null = () => null,
): ForeignTasks {
  const notices: string[] = [];
  const ids = new Set(tasks.map(({ id }) => foreignId(id)));
  const meant = (need: string): string =>
    ids.has(foreignId(need)) ? foreignId(need) : foreignId(resolve(need) ?? need);
  const nodes = tasks.map((task) => {
    const id = foreignId(task.id);
    const needs = new Set<string>();
    for (const need of task.needs) {
      if (ids.has(meant(need))) needs.add(meant(need));
      else notices.push(`${task.place()}: ${id} needs ${need}, which isn't there: left out`);
    }
    needs.delete(id);
    const parent = task.parent === null || !ids.has(meant(task.parent)) ? null : meant(task.parent);
    return { id, needs, parent, isOver: !['open', 'claimed'].includes(task.state) };
  });
  addNeedsOfParents(nodes);
  const found = tasks.map((task, index) => {
    const { id = '', needs = new Set<string>() } = nodes[index] ?? {};
    const description = describe(task, (words) => notices.push(`${task.place()}: ${id}: ${words}`));
    return { value: writtenOf(tool, task, { id, needs: [...needs], description }), place: task.place };
  });
  return { found, notices };
}

function writtenOf(
  tool: Tool,
  task: ForeignTask,
  own: { readonly id: string; readonly needs: readonly string[]; readonly description: string },
): Record<string, unknown> {
  const { title, type, priority, labels, state, result, notes, notBefore, createdAt, createdBy } = task;
  const kept = Object.entries(task.kept).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const value = {
    ...own,
    title,
    // tasks of that type are never ready here
    type: type === 'lock' ? undefined : type?.slice(0, 200),
    priority: Number.isInteger(priority) ? priority : 0,
    labels: [...new Set([tool, ...labels].map((label) => label.slice(0, 200)))].slice(0, limits.labels),
    payload: task.payload ?? { from: { tool, id: task.id, ...Object.fromEntries(kept) } },
    state,
    result,
    notes: notes?.slice(-limits.remarks),
    not_before: notBefore,
    createdAt,
    createdBy: createdBy?.slice(0, 200),
  };
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));
}

function describe({ texts }: ForeignTask, tell: (words: string) => void): string {
  const parts = texts.flatMap(([heading, text]) => {
    const words = typeof text === 'string' ? text.trim() : '';
    return words === '' ? [] : [heading === null ? words : `## ${heading}\n\n${words}`];
  });
  const whole = parts.join('\n\n');
  if (whole.length <= limits.textChars) return whole;
  tell(`its description is cut at ${limits.textChars} characters`);
  return `${whole.slice(0, limits.textChars - 1)}…`;
}

/** Of a value that somebody wrote: a text, or none. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value : undefined;

/** An id, a state, a kind of link, as somebody wrote it; empty for what is no word. */
export const wordOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';

export const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).flatMap((one) =>
    typeof one === 'string' || typeof one === 'number' ? [String(one)] : [],
  );

/** ISO 8601, or absent where it is no date. */
export function dateOf(value: unknown): string | undefined {
  const at = typeof value === 'number' ? new Date(value) : new Date(textOf(value) ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

export type Fields = Readonly<Record<string, Json | undefined>>;

/** Of a list: those that are records. */
export const fieldsIn = (value: unknown): Fields[] =>
  Array.isArray(value) ? value.filter((one: unknown): one is Fields => isFields(one)) : [];

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
