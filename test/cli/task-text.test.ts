import { expect, test } from 'vitest';
import type { Context } from '../../src/cli/frame/context.ts';
import { makeStyle } from '../../src/cli/frame/style.ts';
import { displayWidth } from '../../src/cli/frame/text.ts';
import { taskTable } from '../../src/cli/task-text.ts';
import type { TaskView } from '../../src/domain/view.ts';

const task = (id: string, title: string, blockedBy: string[]) =>
  ({
    id,
    title,
    priority: 0,
    term: 1,
    state: 'open',
    type: 'task',
    claim: null,
    ready: false,
    blockedBy,
  }) as unknown as TaskView;

test('on a narrow terminal what a task needs leaves its title room, and its id is whole', () => {
  const context = { style: makeStyle(false), terminal: { columns: 80 } } as unknown as Context;
  const needs = ['release.test.unit', 'release.test.e2e', 'release.test.load'];
  const [, line = ''] = taskTable(context, [
    task('release.ship.first-region', 'Ship it to the first region', needs),
  ]).split('\n');
  expect(displayWidth(line)).toBeLessThanOrEqual(80);
  expect(line).toMatch(/^release\.ship\.first-region .*needs release\.te[^ ]*… .*Ship it to the/);
});
