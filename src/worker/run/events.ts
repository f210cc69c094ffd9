import type { Json } from '../../domain/task.ts';
import type { TaskView } from '../../domain/view.ts';
import type { Mark } from '../strays.ts';

/**
 * What becomes of one attempt at a task.
 *
 *   landed     its work is on the target branch
 *   review     its work waits on its own branch
 *   done       there was no work to land
 *   failed     the command failed, its time ran out, or its work was refused: open again later, or a dead letter
 *   lost       the claim was somebody else's, or over, before the end; what was done is kept in this clone
 *   released   given back untried or unfinished: it doesn't count as an attempt
 */
export type AttemptEnd =
  | {
      readonly kind: 'landed';
      readonly commit: string;
      /** The end of the task's branch, of which it was made. */
      readonly work: string;
    }
  | { readonly kind: 'review' | 'done' }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      /** No tries are left. */
      readonly dead: boolean;
      /** The next attempt begins at the target, not at this work. */
      readonly anew?: boolean;
    }
  | { readonly kind: 'lost' | 'released'; readonly reason: string };

export type WorkerEvent =
  | {
      readonly type: 'started';
      readonly task: string;
      readonly title: string;
      readonly term: number;
      readonly worktree: string;
      /** Where what it prints is kept; null: nowhere. */
      readonly log: string | null;
    }
  | { readonly type: 'progress'; readonly task: string; readonly text: string; readonly percent: number | null }
  /** What happens to it that isn't the command's own doing: checks, the landing, a claim that was taken back. */
  | { readonly type: 'step'; readonly task: string; readonly text: string }
  | { readonly type: 'ended'; readonly task: string; readonly durationMs: number; readonly end: AttemptEnd }
  /** Nothing is ready; what is left to do is held by others or waits. */
  | {
      readonly type: 'idle';
      readonly left: number;
      /** What is paused, in words; null: nothing. */
      readonly paused: string | null;
    }
  | { readonly type: 'problem'; readonly text: string };

/** A task in work, and what whoever works on it gets. */
export interface Attempt {
  readonly task: TaskView;
  readonly term: number;
  /** The worktree, with the task's branch checked out. */
  readonly dir: string;
  /** For the processes that are started for it. */
  readonly mark: Mark;
  /** Aborted when it must stop: its claim is lost, its time is over, or the worker ends. */
  readonly signal: AbortSignal;
  /** What each task that it needs gave, by id. */
  readonly results: Readonly<Record<string, Json>>;
  /** Shown to everybody, and pushes the deadline on. */
  readonly progress: (text: string, percent: number | null) => void;
  /** Whose claim it is, for what runs in there. */
  readonly agent: string;
  readonly session: string;
}

export type WorkResult =
  | { readonly kind: 'succeeded'; readonly result: unknown }
  | { readonly kind: 'failed'; readonly reason: string }
  /** The work can't be done at all by this worker, whatever the task. */
  | { readonly kind: 'impossible'; readonly reason: string };

export interface Work {
  /** Does the work of one attempt. It ends soon after the signal is aborted; what it answers then doesn't count. */
  run(attempt: Attempt): Promise<WorkResult>;
  /** Where what it prints is kept. */
  readonly logOf?: (task: string, term: number) => string;
}
