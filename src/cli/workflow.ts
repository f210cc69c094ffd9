import { readWorkflow } from '../config/workflow-file.ts';
import { isOver, workflowIn } from '../coordinator/wait-for.ts';
import { parseId } from '../domain/ids.ts';
import { type WorkflowView, workflowsIn } from '../domain/workflow-view.ts';
import { CoordError } from '../errors.ts';
import type { Answer, Context } from './frame/context.ts';
import type { Parsed } from './frame/parsed.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';
import { needsRows } from './needs-rows.ts';
import { readInput } from './read-input.ts';
import { readingBook, withBook } from './with-book.ts';

export const run: Run = (context, parsed) => {
  const [action, what] = parsed.positionals;
  if (action === 'list') return list(context, parsed);
  if (what === undefined)
    throw new CoordError('usage', `workflow ${action} needs ${action === 'submit' ? 'a file' : 'an id'}`, {
      next: ['git coord help workflow'],
    });
  if (action === 'submit') return submit(context, parsed, what);
  const id = parseId(what, 'id of a workflow');
  if (action === 'show') return show(context, parsed, id);
  return action === 'wait' ? wait(context, parsed, id) : cancel(context, parsed, id);
};

async function submit(context: Context, parsed: Parsed, path: string): Promise<Answer> {
  const { text, name: fileName } = await readInput(context, path, fileMibMax);
  const file = await readWorkflow(text, fileName, inputsOf(parsed));
  const dryRun = parsed.flag('dry-run');
  return withBook(context, parsed, async ({ book, command }) => {
    const { created } = await book.submit({ ...file, dryRun, command });
    const { length: count } = file.tasks;
    const name = file.id ?? 'the workflow';
    const said =
      created.length === 0 ? `its ${tasksText(count)} were there already` : `${tasksText(created.length)} added`;
    const data = { workflow: { id: file.id, tasks: file.tasks.map(({ id }) => id) }, created, dryRun };
    return { data, text: `${name}: ${dryRun ? `${tasksText(created.length)} would be added` : said}\n` };
  });
}

const fileMibMax = 4;

/** A value may have commas, at which the words were taken apart. */
function inputsOf(parsed: Parsed): Record<string, string> {
  const pairs: [string, string][] = [];
  for (const word of parsed.list('input') ?? []) {
    const cut = word.indexOf('=');
    const last = pairs.at(-1);
    if (cut > 0) pairs.push([word.slice(0, cut), word.slice(cut + 1)]);
    else if (last !== undefined) last[1] += `,${word}`;
    else throw new CoordError('usage', `--input ${word}: name=value is needed`);
  }
  return Object.fromEntries(pairs);
}

const tasksText = (count: number): string => (count === 1 ? '1 task' : `${count} tasks`);
const countsText = ({ counts }: WorkflowView): string =>
  Object.entries(counts)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
const summary = (workflow: WorkflowView): string =>
  `${oneLine(workflow.id)}: ${workflow.state} (${countsText(workflow)})\n`;

const list = (context: Context, parsed: Parsed): Promise<Answer> =>
  readingBook(context, parsed, async ({ app, book }) => {
    const all = workflowsIn((await book.list()).tasks);
    const workflows = all.map(({ id, state, counts }) => ({ id, state, counts }));
    const text = all.map(summary).join('');
    return { data: { workflows, asOf: app.asOf() }, text: text || 'no workflows\n' };
  });

const show = (context: Context, parsed: Parsed, id: string): Promise<Answer> =>
  readingBook(context, parsed, async ({ app, book }) => {
    const { tasks } = await book.list();
    const workflow = workflowIn({ tasks }, id);
    const text = `${summary(workflow)}${needsRows(context, tasks, workflow.tasks)}`;
    return { data: { workflow, asOf: app.asOf() }, text };
  });

const wait = (context: Context, parsed: Parsed, id: string): Promise<Answer> =>
  withBook(context, parsed, async ({ book }) => {
    const told = new Map<string, string>();
    const onLook = ({ tasks }: WorkflowView) => {
      for (const task of tasks) {
        const state = task.claim ? `claimed by ${task.claim.agent}` : task.state;
        if (told.has(task.id) && told.get(task.id) !== state) context.notice(`${task.id}: ${oneLine(state)}`);
        told.set(task.id, state);
      }
    };
    const { workflow, isOver: over } = await book.waitForWorkflow(id, { timeoutMs: parsed.number('timeout'), onLook });
    const failure = over ? badEnd(workflow) : tooLate(workflow);
    return { data: { workflow }, text: summary(workflow), ...(failure && { failure }) };
  });

function badEnd({ id, state, tasks }: WorkflowView): CoordError | null {
  if (state === 'done') return null;
  const failed = tasks.filter((task) => task.state === 'failed').slice(0, 3);
  const words = failed.map((task) => `${task.id}: ${oneLine(task.error?.message ?? 'failed')}`);
  return new CoordError('not-ready', [`${id} is ${state}`, ...words].join('; '), {
    next: failed.length > 0 ? failed.map((task) => `git coord retry ${task.id}`) : [`git coord workflow show ${id}`],
  });
}

function tooLate({ id, tasks }: WorkflowView): CoordError {
  const left = tasks.filter((task) => !isOver(task)).length;
  return new CoordError('not-ready', `${id} is not over in time: ${left} of ${tasks.length} tasks are left`, {
    next: [`git coord workflow show ${id}`],
  });
}

const cancel = (context: Context, parsed: Parsed, id: string): Promise<Answer> =>
  withBook(context, parsed, async ({ book, command }) => {
    const { cancelled } = await book.cancelWorkflow(id, command);
    const workflow = workflowIn(await book.list(), id);
    return { data: { workflow, cancelled }, text: `${id}: ${tasksText(cancelled.length)} cancelled\n` };
  });
