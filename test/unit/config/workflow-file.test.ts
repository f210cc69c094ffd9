import { describe, expect, test } from 'vitest';
import { readWorkflow } from '../../../src/config/workflow-file.ts';
import { CoordError } from '../../../src/errors.ts';

const read = (text: string, inputs: Record<string, string> = {}) => readWorkflow(text, 'wf.yml', inputs);
const tasksOf = async (text: string, inputs: Record<string, string> = {}) => (await read(text, inputs)).tasks;
const idsOf = async (text: string, inputs: Record<string, string> = {}) =>
  (await tasksOf(text, inputs)).map(({ id }) => id);
async function problemsOf(text: string, inputs: Record<string, string> = {}): Promise<unknown> {
  const error = await read(text, inputs).then(
    () => null,
    (caught: unknown) => caught,
  );
  if (!(error instanceof CoordError) || error.code !== 'usage') return error;
  return (error.data as { problems?: unknown } | undefined)?.problems ?? error.message;
}

test('the workflow of the documents', async () => {
  const tasks = await tasksOf(`
id: release-42
defaults: { timeout: 20m, retries: 2 }
tasks:
  - id: build
    title: Build
  - id: test
    for_each: [unit, e2e, browser]
    title: Test {item}
    needs: [build]
  - id: report
    title: Report
    needs: [test]
    join: true
`);
  const all = { timeoutMs: 1_200_000, retryLimit: 2, workflow: 'release-42', labels: [], requires: [], payload: null };
  const test = (item: string) => ({
    ...all,
    id: `release-42.test.${item}`,
    title: `Test ${item}`,
    needs: ['release-42.build'],
  });
  const tests = ['unit', 'e2e', 'browser'].map(test);
  expect(tasks).toEqual([
    { ...all, id: 'release-42.build', title: 'Build', needs: [] },
    ...tests,
    { ...all, id: 'release-42.report', title: 'Report', type: 'join', needs: tests.map(({ id }) => id) },
  ]);
});

test('a second document would be lost', async () => {
  expect(await problemsOf('id: a\ntasks: [{id: x}]\n---\nid: b\ntasks: [{id: y}]\n')).toEqual([
    'wf.yml:3: a second document begins here; only one is read from a file',
  ]);
});

test('without an id the tasks are named as they are; a title is the id; JSON will do', async () => {
  const [task] = await tasksOf('{"tasks": [{"id": "a"}]}');
  expect(task).toMatchObject({ id: 'a', title: 'a', workflow: null });
});

describe('for_each', () => {
  test('a matrix: each combination, by its names', async () => {
    const tasks = await tasksOf(`
tasks:
  - id: t
    for_each: { os: [linux, Mac OS], node: [18, 20] }
    title: "On {os} with {node}, {other} and {constructor}"
    payload: { os: "on {os}", list: [1, "{node}", { deep: "{os}" }] }
    labels: ["{os}"]`);
    expect(tasks.map(({ id }) => id)).toEqual(['t.linux.18', 't.linux.20', 't.mac-os.18', 't.mac-os.20']);
    expect(tasks[3]).toMatchObject({
      title: 'On Mac OS with 20, {other} and {constructor}',
      payload: { os: 'on Mac OS', list: [1, 20, { deep: 'Mac OS' }] },
      labels: ['Mac OS'],
    });
  });

  const inputs = `
inputs: { files: [a, b], who: anna }
tasks:
  - id: t
    for_each: inputs.files
    title: "{item} by {inputs.who} {constructor}"
    payload: ["{inputs.files}"]`;
  test('inputs, and others given for them', async () => {
    expect((await tasksOf(inputs)).map(({ title }) => title)).toEqual([
      'a by anna {constructor}',
      'b by anna {constructor}',
    ]);
    expect(await idsOf(inputs, { files: 'x,y,z', who: 'ben' })).toEqual(['t.x', 't.y', 't.z']);
    expect((await tasksOf(inputs))[0]?.payload).toEqual([['a', 'b']]);
    expect(await idsOf(inputs, { files: '' })).toEqual([]);
    expect(await problemsOf(inputs, { nobody: '1' })).toBe('wf.yml has no input nobody');
  });

  test('needs of one instance, of all, of the one with the same item; of none where the list is empty', async () => {
    const tasks = await tasksOf(`
id: w
inputs: { none: [] }
tasks:
  - { id: a, for_each: [x, y] }
  - { id: b, for_each: [x, y], needs: "a.{item}" }
  - { id: none, for_each: inputs.none }
  - { id: c, needs: [a, b.x, outside, none] }`);
    const needs = Object.fromEntries(tasks.map(({ id, needs }) => [id, needs]));
    expect(needs).toMatchObject({
      'w.b.x': ['w.a.x'],
      'w.b.y': ['w.a.y'],
      'w.c': ['w.a.x', 'w.a.y', 'w.b.x', 'outside'],
    });
  });
});

test('a join is not skipped because all others are', async () => {
  const text = 'defaults: { on_need_failed: skip }\ntasks: [{ id: a }, { id: j, needs: [a], join: true }]';
  expect((await tasksOf(text)).map(({ onNeedFailed }) => onNeedFailed)).toEqual(['skip', undefined]);
});

test.each<[string, string, unknown]>([
  ['two of one id', 'tasks:\n- id: a\n- id: a', ['wf.yml:3: there are two tasks a']],
  ['two instances of one id', 'tasks:\n- id: a\n  for_each: [x, X]', ['wf.yml:2: there are two tasks a.x']],
  ['an id that is none', 'id: w\ntasks:\n- id: A b', ['wf.yml:3: "w.A b" is no id']],
  ['an item of which no id can be made', 'tasks:\n- id: a\n  for_each: [".."]', ['wf.yml:2: "a..." is no id']],
  ['names that stand for nothing', 'tasks:\n- id: a\n  title: "{item}"\n- id: b\n  payload: ["{inputs.x} {free}"]', ['wf.yml:2: {item} stands for nothing here', 'wf.yml:4: {inputs.x} stands for nothing here']],
  ['an input that is not there', 'tasks:\n- id: a\n  for_each: inputs.x', ['wf.yml:2: for_each: there is no input "inputs.x"']],
  [
    'keys that nobody knows',
    'taks: 1\ntasks:\n- id: a\n  tilte: x\ndefaults:\n  timout: 3m',
    ['wf.yml:1: taks is no key here; did you mean tasks?', 'wf.yml:4: tilte is no key here; did you mean title?', 'wf.yml:6: timout is no key here; did you mean timeout?'],
  ],
  [
    'values of the wrong kind',
    'tasks:\n- id: 4\n  retries: -1\n- id: b\n  timeout: 20\n- id: c\n  timeout: soon\n- id: d\n  needs: 3\n- {}',
    [
      'wf.yml:2: id must be a text',
      'wf.yml:3: retries must be a whole number from 0',
      'wf.yml:5: timeout must be a duration with its unit, as 20m',
      expect.stringMatching(/^wf.yml:7: timeout .*soon/),
      'wf.yml:9: needs must be a list of ids',
      'wf.yml:10: id must be a text',
    ],
  ],
  ['no tasks', 'tasks: []', ['wf.yml:1: tasks must be a list of tasks, each with an id']],
  ['nothing', '', ['wf.yml:1: the file must be a map with tasks']],
  ['no YAML', 'tasks:\n- id: [\n', [expect.stringMatching(/^wf.yml:\d: /)]],
  ['aliases that explode', `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\ntasks: [*c,*c,*c,*c,*c,*c,*c]`, [expect.stringContaining('alias')]],
  ['far too many', `tasks:\n- id: m\n  for_each: { a: &l [${Array.from({ length: 1000 }, (_, n) => n)}], b: *l, c: *l, d: *l }`, [expect.stringContaining('1000000000000 tasks')]],
  ['an alias within itself', 'tasks:\n- &t\n  id: a\n  payload: { x: *t }', [expect.stringMatching(/^wf.yml:1: /)]],
  ['too many', `tasks:\n- id: a\n  for_each: { x: [${Array.from({ length: 50 }, (_, n) => n)}], y: [${Array.from({ length: 50 }, (_, n) => n)}] }`, ['wf.yml:2: it stands for 2500 tasks; at most 2000 go in one push']],
])('%s', async (_what, text, problems) => {
  expect(await problemsOf(text)).toEqual(problems);
}); // biome-ignore format: one row, one line
