import type { OptionSpec, PositionalSpec } from '../frame/spec.ts';

/** What several commands take. */

export const id: PositionalSpec = { name: 'id', required: true };
export const optionalId: PositionalSpec = { name: 'id', required: false };
export const states = ['open', 'claimed', 'review', 'done', 'failed', 'cancelled'];

export const cached: OptionSpec = {
  name: 'cached',
  type: 'boolean',
  summary: 'answer from what this clone last saw, without asking the remote',
};

export const taskFilters: readonly OptionSpec[] = [
  { name: 'state', type: 'list', value: 'state', words: states, summary: 'only tasks in one of these states' },
  { name: 'type', type: 'list', value: 'type', summary: 'only tasks of these types' },
  { name: 'label', type: 'list', value: 'label', summary: 'only tasks with all of these labels' },
  { name: 'workflow', type: 'string', value: 'id', summary: 'only tasks of this workflow' },
  { name: 'mine', type: 'boolean', summary: 'only tasks that this agent and session holds' },
  { name: 'limit', type: 'integer', value: 'n', summary: 'at most so many' },
];

export const filters: readonly OptionSpec[] = [
  ...taskFilters,
  { name: 'agent', type: 'string', value: 'id', summary: 'only tasks that this agent holds or is assigned' },
];

/** What `add` sets and `edit` changes. */
export const taskOptions: readonly OptionSpec[] = [
  { name: 'priority', type: 'integer', value: 'n', summary: 'higher goes first; 0 when absent' },
  { name: 'type', type: 'string', value: 'type', summary: 'what kind of work it is' },
  { name: 'label', type: 'list', value: 'label', summary: 'labels, repeated or joined by commas' },
  { name: 'needs', type: 'list', value: 'id', summary: 'tasks that must be done before' },
  { name: 'requires', type: 'list', value: 'skill', summary: 'capabilities that an agent must have' },
  { name: 'payload', type: 'string', value: 'json', summary: 'data for whoever does it' },
  { name: 'timeout', type: 'duration', value: 'duration', summary: 'how long one attempt may take' },
  { name: 'retries', type: 'integer', value: 'n', summary: 'how often it is tried again' },
  { name: 'description', type: 'string', value: 'text', summary: 'what is to be done, at length' },
  { name: 'not-before', type: 'string', value: 'time', summary: 'a date to show (ISO 8601); holds nothing back' },
  {
    name: 'on-need-failed',
    type: 'string',
    value: 'block|skip',
    words: ['block', 'skip'],
    summary: 'what becomes of it when a need fails',
  },
];

export const pausedLabel: OptionSpec = {
  name: 'label',
  type: 'list',
  value: 'label',
  summary: 'tasks with one of these labels; all tasks when absent',
};
export const next: OptionSpec = { name: 'next', type: 'boolean', summary: 'then claim the next ready task' };
export const result: OptionSpec = { name: 'result', type: 'string', value: 'json|@file', summary: 'what came of it' };
export const wait: OptionSpec = { name: 'wait', type: 'duration', value: 'duration', summary: 'wait so long for it' };
export const claimOptions: readonly OptionSpec[] = [
  {
    name: 'ttl',
    type: 'duration',
    value: 'duration',
    summary: 'how long it lives without a heartbeat (1s to 24h)',
  },
  wait,
  { name: 'force', type: 'boolean', summary: 'take it from a living holder' },
  { name: 'owner-pid', type: 'integer', value: 'pid', summary: 'give it back when this process ends' },
  { name: 'no-create', type: 'boolean', summary: 'fail when there is no such task' },
];
