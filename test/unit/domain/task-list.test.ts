import { expect, test } from 'vitest';
import { idOfTitle, isId } from '../../../src/domain/ids.ts';
import { readTaskList } from '../../../src/domain/task-list.ts';

const read = (text: string) =>
  readTaskList(text).map(({ line, title, isChecked, parent }) => `${line} ${isChecked ? 'x' : '-'} ${title} ${parent}`);

test.each([
  ['plain, boxed, checked', '- a\n* [ ] b\n+ [x] c\n- [X] d', ['1 - a null', '2 - b null', '3 x c null', '4 x d null']],
  ['numbered', '1. a\n2) [ ] b', ['1 - a null', '2 - b null']],
  [
    'nested, by spaces or tabs',
    '- a\n  - b\n\t- c\n  - d\n- e',
    ['1 - a null', '2 - b 0', '3 - c 1', '4 - d 0', '5 - e null'],
  ],
  ['a heading ends what is above', '  - a\n# h\n    - b', ['1 - a null', '3 - b null']],
  ['text, rules, empty items', 'text\n---\n- \n- [ ]\n-no\n- [link](x)', ['6 - [link](x) null']],
  ['code in fences', '```\n- a\n```\n~~~sh\n- b\n~~~\n- c', ['7 - c null']],
  ['line ends of Windows', '- a\r\n- b\r\n', ['1 - a null', '2 - b null']],
])('%s', (_, text, items) => {
  expect(read(text)).toEqual(items);
});

test.each([
  ['Build the API', 'build-the-api'],
  ['  Überprüfe "alles"!', 'uberprufe-alles'],
  ['con', 't-'],
  ['修复', 't-'],
  ['x'.repeat(100), 'x'.repeat(56)],
])('the id of %j', (title, begins) => {
  const id = idOfTitle(title, new Set());
  expect(id.startsWith(begins)).toBe(true);
  expect(isId(id)).toBe(true);
  expect(idOfTitle(title, new Set())).toBe(id);
  expect(idOfTitle(title, new Set([id, `${id}-2`]))).toBe(`${id}-3`);
  expect(isId(`${id}-3`)).toBe(true);
});
