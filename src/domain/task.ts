/** A task as its log's newest commit has it (protocol 3). Notes are snapshots: the tip is enough. */

export type TaskState = 'open' | 'claimed' | 'review' | 'done' | 'failed' | 'cancelled';

export const taskOps = [
  'add',
  'edit',
  'claim',
  'release',
  'expire',
  'take-over',
  'fail',
  'done',
  'review',
  'reopen',
  'cancel',
  'pause',
  'resume',
  'assign',
  'retry',
  'join',
  'repair',
] as const;
export type TaskOp = (typeof taskOps)[number];

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Who holds a task, and by which tenure: the nonce of the commit that claimed it or took it over. */
export interface Holder {
  agent: string;
  session: string;
  tenure: string;
  ttlMs: number;
}

export interface Progress {
  text: string;
  percent: number | null;
  at: string;
}

export interface Remark {
  by: string;
  at: string;
  text: string;
}

export interface TaskError {
  /** `failed`, `owner-gone`, `timeout`, `expired`, `need-failed` … */
  code: string;
  message: string;
}

export interface Task {
  id: string;
  title: string;
  description: string;
  type: string;
  priority: number;
  labels: string[];
  needs: string[];
  onNeedFailed: 'block' | 'skip';
  requires: string[];
  workflow: string | null;
  payload: Json;
  timeoutMs: number;
  retryLimit: number;
  state: TaskState;
  term: number;
  attempts: number;
  notBefore: string | null;
  backoffMs: number;
  assignee: string | null;
  reserved: { agent: string; ttlMs: number } | null;
  paused: boolean;
  holder: Holder | null;
  progress: Progress | null;
  notes: Remark[];
  result: Json;
  error: TaskError | null;
  review: { branch: string; commit: string; target: string; from: string } | null;
  landed: { ref: string; from: string; commit: string } | null;
  createdAt: string;
  createdBy: string;
}

/** A commit's note on a task's log. `nonce` is new for every attempt, so that two writers never make the same commit. */
export interface TaskNote {
  v: 1;
  kind: 'task';
  op: TaskOp;
  by: string;
  at: string;
  nonce: string;
  task: Task;
}

/** Bounds of what a task may carry. Bytes are UTF-8. */
export const limits = {
  titleChars: 500,
  textChars: 20_000,
  labels: 64,
  needs: 1000,
  remarks: 100,
  payloadBytes: 64 * 1024,
  resultBytes: 64 * 1024,
  priorityAbs: 1_000_000,
  ttlMsMin: 1000,
  ttlMsMax: 24 * 3_600_000,
  retryLimitMax: 1000,
} as const;
