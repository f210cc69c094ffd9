import { expect, test } from 'vitest';
import type { EventFilter } from '../../../src/domain/event.ts';
import { eventFilter } from '../../../src/domain/event-filter.ts';
import { CoordError } from '../../../src/errors.ts';

test('what is typed is folded, and what is absent chooses nothing', () => {
  expect(eventFilter({ types: ['Task.*', '*', 'Deploy'], task: 'T1', agent: 'ANNA' })).toEqual({
    types: ['task.*', '*', 'deploy'],
    task: 't1',
    agent: 'anna',
  });
  expect(eventFilter({})).toEqual({ types: undefined, task: undefined, agent: undefined });
});

test.each<[unknown, string]>([
  [{ types: ['!!'] }, 'usage: no event has the type "!!"'],
  [{ types: ['task.*.x'] }, 'usage: no event has the type "task.*.x"'],
  [{ types: 'l.*' }, 'usage: types of events are a list'],
  [{ types: [5] }, 'usage: events are chosen by words, not by number'],
  [{ task: 'a/b' }, 'bad-id: "a/b" is no task id'],
  [{ agent: '!!' }, 'bad-id: "!!" is no name of an agent'],
  [{ agent: null }, 'usage: events are chosen by words, not by null'],
])('%j is refused: %s', (filter, said) => {
  let problem: unknown;
  try {
    eventFilter(filter as EventFilter);
  } catch (error) {
    problem = error;
  }
  expect(problem).toBeInstanceOf(CoordError);
  expect(`${(problem as CoordError).code}: ${(problem as CoordError).message}`).toContain(said);
});
