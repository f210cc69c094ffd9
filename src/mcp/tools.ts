/** The tools of `git coord mcp`: at most 12, since a model reads all of them before it begins. */
import * as z from 'zod/mini';
import { data } from './shapes.ts';
import { flag, json, jsonText, looks, option, positionals, settles, type Tool, tool, writes } from './tool.ts';

/** With a word on what it is, for whoever fills it in. */
const said = <T extends z.ZodMiniType>(schema: T, description: string): T => schema.check(z.meta({ description })) as T;

const text = (description: string) => z.optional(said(z.string(), description));
const texts = (description: string) => z.optional(said(z.array(z.string()), description));
const whole = (description: string) => z.optional(said(z.int(), description));
const yes = (description: string) => z.optional(said(z.boolean(), description));
const id = said(z.string(), 'id of the task');

const tasksMax = 100;
const limitOf = (standard: number) => {
  const limit = z.int().check(z.gte(1), z.lte(tasksMax));
  return z.optional(said(limit, `at most so many, ${standard} when absent`));
};
const readyStandard = 10;
const eventsStandard = 20;

const choice = {
  type: texts('only tasks of these types'),
  label: texts('only tasks with all of these labels'),
  workflow: text('only tasks of this workflow'),
};
const chosen = (args: { type?: string[] | undefined; label?: string[] | undefined; workflow?: string | undefined }) => [
  ...option('type', args.type),
  ...option('label', args.label),
  ...option('workflow', args.workflow),
];
const next = yes('then claim the next ready task');
const result = z.optional(said(z.unknown(), 'what came of it: any JSON'));

const lookTools: readonly Tool[] = [
  tool({
    name: 'prime',
    title: 'Begin here',
    description: 'Says in a page who you are, what you hold, what is ready, and the rules. Call it first.',
    takes: {},
    gives: data.page,
    hints: looks,
    isPage: true,
    words: () => ['prime'],
  }),
  tool({
    name: 'ready',
    title: 'Ready tasks',
    description: 'Lists tasks that can be claimed now, the best first.',
    takes: { ...choice, limit: limitOf(readyStandard) },
    gives: data.tasks,
    hints: looks,
    words: ({ limit = readyStandard, ...args }) => ['ready', ...chosen(args), ...option('limit', limit)],
  }),
  tool({
    name: 'show',
    title: 'Show a task',
    description: 'Shows a task: its state, who holds it, what it needs, its notes.',
    takes: { id },
    gives: data.task,
    hints: looks,
    words: (args) => ['show', ...positionals(args.id)],
  }),
  tool({
    name: 'status',
    title: 'Status',
    description: 'Shows who you are, all claims, all agents and how many tasks are in which state.',
    takes: {},
    gives: data.status,
    hints: looks,
    words: () => ['status'],
  }),
];

const claimTools: readonly Tool[] = [
  tool({
    name: 'claim',
    title: 'Claim a task',
    description:
      'Claims a task, so that nobody else works on it; without id the next ready one. Claim before you edit. An id that does not exist becomes a task. error.code held: somebody else has it, take another.',
    takes: {
      id: text('id of the task; absent: the next ready one'),
      ...choice,
      ttlMs: whole('how long it lives without a heartbeat, in milliseconds; leave it out'),
      create: yes('false: a task that does not exist is an error'),
    },
    gives: data.claimed,
    hints: settles,
    words: ({ id: named, ttlMs, create = true, ...args }) => [
      'claim',
      ...flag('next', named === undefined),
      ...chosen(args),
      ...option('ttl', ttlMs === undefined ? undefined : `${ttlMs}ms`),
      ...flag('no-create', !create),
      ...positionals(...(named === undefined ? [] : [named])),
    ],
  }),
  tool({
    name: 'progress',
    title: 'Tell progress',
    description: 'Tells everybody how far a task that you hold has come, and gives it more time.',
    takes: {
      id,
      text: said(z.string(), 'what is done, in a few words'),
      percent: z.optional(said(z.number().check(z.gte(0), z.lte(100)), '0 to 100')),
    },
    gives: data.task,
    hints: settles,
    words: (args) => ['progress', ...option('percent', args.percent), ...positionals(args.id, args.text)],
  }),
  tool({
    name: 'done',
    title: 'Finish a task',
    description:
      'Finishes a task that you hold and that needs no commit to land; for commits use land. error.code lost: it was taken from you, stop.',
    takes: { id, result, next },
    gives: data.ended,
    hints: settles,
    words: (args) => ['done', ...json('result', args.result), ...flag('next', args.next), ...positionals(args.id)],
  }),
  tool({
    name: 'fail',
    title: 'Say that an attempt failed',
    description:
      'Ends your attempt at a task as failed. It is open again after a while, until its retries are used up.',
    takes: { id, reason: text('what went wrong') },
    gives: data.task,
    hints: settles,
    words: (args) => ['fail', ...option('reason', args.reason), ...positionals(args.id)],
  }),
  tool({
    name: 'release',
    title: 'Give a task back',
    description: 'Gives a task back unfinished, for others to take. What you committed stays on its branch.',
    takes: { id },
    gives: data.task,
    hints: settles,
    words: (args) => ['release', ...positionals(args.id)],
  }),
  tool({
    name: 'land',
    title: 'Land the work of a task',
    description:
      'Checks the commits of a task that you hold, rebases them onto the target branch, pushes them there and finishes the task, in one step. error.code conflict: rebase and call it again; gate-failed: mend what the hint shows.',
    takes: {
      id,
      dir: text('folder of the worktree with the commits; absent: the one that this server runs in'),
      onto: text('target branch; absent: the default branch'),
      from: text('commit to land; absent: HEAD'),
      viaBranch: yes("push it to the task's own branch, for a review"),
      result,
      next,
    },
    gives: data.landed,
    hints: settles,
    words: (args) => [
      ...(args.dir === undefined ? [] : ['-C', args.dir]),
      'land',
      ...option('onto', args.onto),
      ...option('from', args.from),
      ...flag('via-branch', args.viaBranch),
      ...json('result', args.result),
      ...flag('next', args.next),
      ...positionals(args.id),
    ],
  }),
];

const tellTools: readonly Tool[] = [
  tool({
    name: 'add',
    title: 'Add a task',
    description: 'Adds a task, as for work that you found on the way. The same id and content again: created is false.',
    takes: {
      title: said(z.string(), 'what is to be done, in a line'),
      id: text('its id; absent: a made one'),
      description: text('what is to be done, at length'),
      type: text('what kind of work it is'),
      priority: whole('higher goes first; 0 when absent'),
      labels: texts('its labels'),
      needs: texts('ids of tasks that must be done before'),
      requires: texts('skills that an agent must have'),
      payload: z.optional(said(z.unknown(), 'data for whoever does it: any JSON')),
      timeoutMs: whole('how long one attempt may take, in milliseconds'),
      retryLimit: whole('how often it is tried again'),
      onNeedFailed: z.optional(said(z.enum(['block', 'skip']), 'what becomes of it when a need fails')),
    },
    gives: data.added,
    hints: writes,
    words: (args) => [
      'add',
      ...option('id', args.id),
      ...option('description', args.description),
      ...option('type', args.type),
      ...option('priority', args.priority),
      ...option('label', args.labels),
      ...option('needs', args.needs),
      ...option('requires', args.requires),
      ...json('payload', args.payload),
      ...option('timeout', args.timeoutMs === undefined ? undefined : `${args.timeoutMs}ms`),
      ...option('retries', args.retryLimit),
      ...option('on-need-failed', args.onNeedFailed),
      ...positionals(args.title),
    ],
  }),
  tool({
    name: 'events',
    title: 'Events',
    description:
      'Lists what agents have told, oldest first; with publish tells something to all who watch. What happened to a task is in show.',
    takes: {
      types: texts('only these; deploy.* means all that begin so'),
      by: text('only of this agent'),
      limit: limitOf(eventsStandard),
      publish: z.optional(
        said(
          z.strictObject({ type: z.string(), data: z.optional(z.unknown()) }),
          'an event to tell, as {"type": "deploy.done", "data": {"host": "a"}}; nothing is listed then',
        ),
      ),
    },
    gives: data.events,
    hints: writes,
    words: ({ publish, types, by, limit = eventsStandard }) =>
      publish === undefined
        ? ['events', ...option('type', types), ...option('by', by), ...option('limit', limit), 'list']
        : ['events', '--', 'publish', publish.type, jsonText('data', publish.data ?? null)],
  }),
];

export const tools: readonly Tool[] = [...lookTools, ...claimTools, ...tellTools];
