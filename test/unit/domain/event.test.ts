import { expect, test } from 'vitest';
import type { AgentNote, AgentStatus } from '../../../src/domain/agent.ts';
import {
  agentEvent,
  type EventFilter,
  type EventNote,
  inOneOrder,
  isEventOf,
  isWanted,
  type ShownEvent,
  shownEvent,
  typeProblem,
} from '../../../src/domain/event.ts';
import { eventNoteSchema } from '../../../src/domain/event-schema.ts';
import { eventSubject } from '../../../src/domain/subjects.ts';

const agent = (status: AgentStatus, ...tasks: string[]): AgentNote => ({
  v: 1,
  kind: 'agent',
  id: 'anna',
  host: 'h',
  session: 's',
  project: 'p',
  capabilities: ['docs'],
  status,
  tasks,
  limit: 3,
  registeredAt: 'then',
  updatedAt: 'now',
  cycle: 'c',
  beat: 0,
});
const registered = { host: 'h', project: 'p', capabilities: ['docs'] };

test.each<[string, AgentNote | null, AgentNote, ReturnType<typeof agentEvent>]>([
  [
    'the first record',
    null,
    agent('available'),
    { type: 'agent.registered', data: { ...registered, status: 'available', task: null } },
  ],
  [
    'the first, with a task',
    null,
    agent('busy', 'a'),
    { type: 'agent.registered', data: { ...registered, status: 'busy', task: 'a' } },
  ],
  ['a beat', agent('busy', 'a'), agent('busy', 'a'), null],
  ['another task, as busy as before', agent('busy', 'a'), agent('busy', 'a', 'b'), null],
  [
    'begins',
    agent('available'),
    agent('busy', 'a'),
    { type: 'agent.status', data: { from: 'available', to: 'busy', task: 'a' } },
  ],
  [
    'ends',
    agent('busy', 'a'),
    agent('available'),
    { type: 'agent.status', data: { from: 'busy', to: 'available', task: 'a' } },
  ],
  [
    'has one more',
    agent('error', 'a'),
    agent('busy', 'a', 'b'),
    { type: 'agent.status', data: { from: 'error', to: 'busy', task: 'b' } },
  ],
  [
    'set by hand',
    agent('busy', 'a'),
    agent('error', 'a'),
    { type: 'agent.status', data: { from: 'busy', to: 'error', task: null } },
  ],
  [
    'leaves',
    agent('available'),
    agent('offline'),
    { type: 'agent.offline', data: { from: 'available', to: 'offline', task: null } },
  ],
])('what an agent tells: %s', (_name, before, after, told) => {
  expect(agentEvent(before, after)).toEqual(told);
});

test.each([
  ['deploy.done', null],
  ['a', null],
  ['tasks.many', null],
  ['task.done', 'told by the tool'],
  ['agent.status', 'told by the tool'],
  ['watch.ended', 'told by the tool'],
  ['task', 'told by the tool'],
  ['', 'a type has'],
  ['Deploy', 'a type has'],
  ['a b', 'a type has'],
  ['a\u001b[31m', 'a type has'],
  ['a..b', 'a type has'],
  ['x'.repeat(65), 'a type has'],
])('the type %j', (type, problem) => {
  if (problem === null) expect(typeProblem(type)).toBeNull();
  else expect(typeProblem(type)).toContain(problem);
});

const event = (type: string, task: string | null = null, by = 'anna'): ShownEvent => ({
  id: 'i',
  type,
  at: '',
  by,
  task,
  term: null,
  seq: null,
  data: null,
});

test.each<[ShownEvent, EventFilter, boolean]>([
  [event('task.done', 'a'), {}, true],
  [event('task.done', 'a'), { types: [] }, true],
  [event('task.done', 'a'), { types: ['task.done', 'x'] }, true],
  [event('task.done', 'a'), { types: ['task'] }, false],
  [event('task.done', 'a'), { types: ['task.*'] }, true],
  [event('agent.status', 'a'), { types: ['task.*'] }, false],
  [event('task.done', 'a'), { task: 'b' }, false],
  [event('agent.status', 'a'), { task: 'a', agent: 'anna' }, true],
  [event('deploy', null, 'ben'), { agent: 'anna' }, false],
])('%j is wanted by %j: %s', (one, filter, wanted) => {
  expect(isWanted(one, filter)).toBe(wanted);
});

test('among logs the earlier goes first, and each keeps its order whatever its times say', () => {
  const log = (name: string, ...times: number[]) => times.map((time) => ({ at: String(time), name: `${name}${time}` }));
  const merged = inOneOrder([log('a', 1, 9, 2), log('b', 2, 3), [], log('c', 4)]);
  expect(merged.map(({ name }) => name)).toEqual(['a1', 'b2', 'b3', 'c4', 'a9', 'a2']);
  expect(inOneOrder([])).toEqual([]);
});

const note: EventNote = {
  v: 1,
  kind: 'event',
  id: 'i',
  type: 'deploy.done',
  by: 'anna',
  at: 'now',
  seq: 7,
  first: 3,
  data: null,
};

test.each<[string, object, boolean]>([
  ['as it is written', {}, true],
  ['with what came before', { after: { tip: 'a'.repeat(40), seq: 6 } }, true],
  ['with a name that would be a request to git', { after: { tip: `${'a'.repeat(40)}\ncontents x`, seq: 6 } }, false],
  ['of a type that is none', { type: '\u001b[2J' }, false],
  ['by nobody', { by: '' }, false],
  ['with a count that is none', { seq: -1 }, false],
  ['without data', { data: undefined }, false],
])('a note %s', (_name, change, good) => {
  expect(eventNoteSchema().safeParse({ ...note, ...change }).success).toBe(good);
});

test.each<[string, Partial<EventNote>, boolean, string | null]>([
  ['of its own', {}, true, null],
  ['of its own, about a task', { data: { task: 't1' } }, true, null],
  ['by another', { by: 'ben' }, false, null],
  ['of a task', { type: 'task.done' }, false, null],
  ['of watching', { type: 'watch.ended' }, false, null],
  ['the tool has none such', { type: 'agent.made-up' }, false, null],
  ['that it is there', { type: 'agent.registered', data: { task: null } }, true, null],
  ['that it is there, from before it told of tasks', { type: 'agent.registered', data: {} }, true, null],
  ['its status', { type: 'agent.status', data: { task: 't1' } }, true, 't1'],
  ['that it leaves', { type: 'agent.offline', data: { task: 't1' } }, true, 't1'],
  ['its status, about what is no task', { type: 'agent.status', data: { task: 'a b' } }, false, null],
  ['its status, about several', { type: 'agent.status', data: { task: ['t1'] } }, false, null],
  ['its status, without words', { type: 'agent.status', data: null }, true, null],
])('an event of an agent: %s', (_name, change, isOne, task) => {
  expect(isEventOf({ ...note, ...change }, 'anna')).toBe(isOne);
  if (isOne) expect(shownEvent({ ...note, ...change }).task).toBe(task);
});

test('its subject', () => {
  expect(eventSubject(note)).toBe('event: deploy.done by anna (7)');
  const status = { ...note, type: 'agent.status', data: { from: 'busy', to: 'available', task: 'a' } };
  expect(eventSubject(status)).toBe('event: agent.status by anna (7): busy to available (a)');
});
