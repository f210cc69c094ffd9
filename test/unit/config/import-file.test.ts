import { describe, expect, test } from 'vitest';
import { readImport } from '../../../src/config/import-file.ts';
import { CoordError } from '../../../src/errors.ts';

const idsOf = async (text: string, name = 'standard input') => (await readImport(text, name)).tasks.map(({ id }) => id);
async function problemsOf(text: string, name: string): Promise<unknown> {
  const error = await readImport(text, name).then(
    () => null,
    (caught: unknown) => caught,
  );
  if (!(error instanceof CoordError) || error.code !== 'usage') return error;
  return (error.data as { problems?: unknown }).problems;
}

describe('the kind of a text without a name is seen from how it begins', () => {
  test.each([
    ['a list', '- [ ] one\n- two', ['one', 'two']],
    ['a list that begins with a heading', '\n# x\n- one', ['one']],
    ['a link in a list', '[a](b)\n- one', ['one']],
    ['YAML', '- title: one\n- { title: two }', ['one', 'two']],
    ['YAML that begins with a map', '- { title: two }', ['two']],
    ['JSON', '[\n{"title": "one"}]', ['one']],
    ['titles in JSON', '["one", "two"]', ['one', 'two']],
    ['records', '{"title": "one"}\n\n{"title": "two"}\n', ['one', 'two']],
    ['a map', '{\n"tasks": ["one"]}', ['one']],
    ['an export', '{"format":"git-coord/tasks","v":1}\n{"title":"one"}', ['one']],
  ])('%s', async (_, text, ids) => {
    expect(await idsOf(text)).toEqual(ids);
  });
});

test("a list: what is checked is skipped, an item needs what stands below it, ids are the titles'", async () => {
  const file = await readImport('- Release\n  - [x] Plan\n    - [ ] Ask\n  - Build\n- build', 'todo.md');
  expect(file.tasks).toMatchObject([
    { id: 'release', title: 'Release', needs: ['ask', 'build'] },
    { id: 'ask', needs: [] },
    { id: 'build', needs: [] },
    { id: 'build-2', title: 'build', needs: [] },
  ]);
  expect([file.skipped, file.placeOf(2)]).toEqual([1, 'todo.md:4']);
});

test('the fields of add, and those of a record', async () => {
  const said = `
- id: A-1
  title: One
  description: at length
  type: docs
  priority: 3
  labels: [a, b]
  needs: B-2
  requires: rust
  payload: { n: 1 }
  timeout: 5m
  retries: 1
  not_before: 2026-12-24T18:00:00Z
  on_need_failed: skip
- { id: b-2, title: Two }`;
  const { tasks, placeOf, isExport } = await readImport(said, 'x.yml');
  const one = {
    ...{ id: 'a-1', title: 'One', description: 'at length', type: 'docs', priority: 3, labels: ['a', 'b'] },
    ...{ needs: ['b-2'], requires: ['rust'], payload: { n: 1 }, timeoutMs: 300_000, retryLimit: 1 },
    ...{ notBefore: '2026-12-24T18:00:00.000Z', onNeedFailed: 'skip' },
  };
  expect(tasks[0]).toMatchObject(one);
  expect([placeOf(1), isExport]).toEqual(['x.yml:15', false]);
  const { past, ...again } = tasks[0] ?? {};
  expect((await readImport(JSON.stringify(again), 'x.ndjson')).tasks).toEqual([{ ...one, past }]);
});

test.each([
  ['nothing in it', 'x.yml', '', ['x.yml:1: must be a list of tasks']],
  ['an empty list', 'x.yml', '[]', ['x.yml:1: there are no tasks in it']],
  ['a list without items', 'x.md', '# x', ['x.md:1: there are no tasks in it']],
  [
    'several at once, each with its line',
    'x.yml',
    '- titel: a\n- title: " "\n- 5\n- {title: a, priority: x}',
    [
      'x.yml:1: title must be a text',
      'x.yml:1: titel is no key here; did you mean title?',
      'x.yml:2: title says nothing',
      'x.yml:3: it is no task',
      'x.yml:4: priority must be a whole number',
    ],
  ],
  [
    'ids',
    'x.yml',
    '- {title: a, id: x/y}\n- {title: b, id: B}\n- {title: c, id: b}\n- {title: d, id: d, needs: [d, "?"]}',
    [
      'x.yml:1: "x/y" is no id',
      'x.yml:3: there are two tasks b',
      'x.yml:4: "?" is no id',
      "x.yml:4: d can't need itself",
    ],
  ],
  [
    'several documents, of which one alone would be read',
    'x.yml',
    '- one\n---\n# then\n- two\n---\n- three',
    ['x.yml:2: a second document begins here; only one is read from a file'],
  ],
  [
    'what stands beside the tasks',
    'x.yml',
    'version: 2\ntasks: [one]\nlabels: [a]',
    [
      'x.yml:1: version is no key here; beside tasks there are none',
      'x.yml:3: labels is no key here; beside tasks there are none',
    ],
  ],
  ['no JSON', 'x.ndjson', '{"title":"a"}\n{"title":', ['x.ndjson:2: is no JSON']],
  ['no YAML', 'x.yml', '- {title: a', [expect.stringMatching(/^x\.yml:1: /)]],
  [
    'a newer export',
    'x.ndjson',
    '{"format":"git-coord/tasks","v":2}',
    [expect.stringMatching(/:1: it is of another format/)],
  ],
  ['a title too long', 'x.md', `- ${'a'.repeat(501)}`, ['x.md:1: a title has at most 500 characters']],
  [
    'nested so deep that nobody can walk it',
    'x.ndjson',
    `{"title":"a","payload":${'['.repeat(9999)}${']'.repeat(9999)}}`,
    ['x.ndjson:1: is no JSON'],
  ],
  [
    'a duration without a unit',
    'x.yml',
    '- {title: a, timeout: "20"}',
    ['x.yml:1: timeout has no unit: write 20s for seconds or 20m for minutes'],
  ],
  ['too many', 'x.md', '- a\n'.repeat(10_001), ['x.md:1: it has 10001 tasks; at most 10000 go in one push']],
])('%s', async (_, name, text, problems) => {
  expect(await problemsOf(text, name)).toEqual(problems);
});

test.each([
  ['id', 'id: release\ntasks: [{id: build}]'],
  ['defaults', 'defaults: {priority: 5}\ntasks: [one]'],
  ['inputs', 'inputs: {os: linux}\ntasks: [one]'],
  ['for_each', 'tasks: [{title: one, for_each: [a, b]}]'],
  ['join', 'tasks: [one, {title: two, join: true}]'],
])('what only a workflow can say leads to it: %s', async (key, text) => {
  await expect(readImport(text, 'x.yml')).rejects.toMatchObject({
    message: `x.yml is a file of a workflow: it has ${key}`,
    next: ['git coord workflow submit <file>'],
  });
});

test('an end of the document is no second one', async () => {
  for (const end of ['---\n', '...\n', '---\n# the end\n', '...\n---\n~\n'])
    expect(await idsOf(`- one\n${end}`, 'x.yml')).toEqual(['one']);
});

test('an export as one document', async () => {
  const said = '{"format":"git-coord/tasks","v":1,"tasks":[{"id":"a","title":"A"}],"unreadable":[],"asOf":null}';
  expect(await idsOf(said, 'x.json')).toEqual(['a']);
});

test('an export without tasks is one', async () => {
  expect(await readImport('{"format":"git-coord/tasks","v":1}\n', 'x.ndjson')).toMatchObject({
    tasks: [],
    isExport: true,
  });
});
