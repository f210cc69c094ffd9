import { expect, test } from 'vitest';
import { boardOf, type Rows } from '../../../src/dashboard/board.ts';
import { Feed } from '../../../src/dashboard/feed.ts';
import type { EventRow, Message, NodeRow } from '../../../src/dashboard/rows.ts';

const none: Rows = { tasks: [], agents: [], workflows: [], nodes: [], periods: [], events: [], facts: [] };
const event = (key: string, text = ''): EventRow => ({ key, n: 0, at: '', type: 'x', by: 'a', task: null, text });
const node = (workflow: string, id: string): NodeRow => ({
  ...{ key: `${workflow} ${id}`, id, title: id },
  ...{ state: 'ready', agent: null, needs: [] },
});
const messageOf = (told: { data: string | null } | null): Message | null =>
  told?.data == null ? null : JSON.parse(told.data);

test('a page is told everything, then what changes', () => {
  const feed = new Feed();
  feed.publish(boardOf({ ...none, events: [event('a'), event('b')] }));
  const first = feed.next(null, '');
  expect(messageOf(first)).toEqual({ whole: true, set: { events: [event('a'), event('b')] }, gone: {} });
  expect(feed.next(first?.id ?? '', '')).toBe(null);
  feed.publish(boardOf({ ...none, events: [event('a'), event('b')] }));
  expect(feed.next(first?.id ?? '', '')).toBe(null);
  feed.publish(boardOf({ ...none, events: [event('b', 'new'), event('c')] }));
  const second = feed.next(first?.id ?? '', '');
  expect(messageOf(second)).toEqual({ set: { events: [event('b', 'new'), event('c')] }, gone: { events: ['a'] } });
});

test('one that was cut off goes on where it was; one of another server, or too far behind, is told everything', () => {
  const feed = new Feed();
  feed.publish(boardOf({ ...none, events: [event('0')] }));
  const start = feed.next(null, '')?.id ?? '';
  for (let n = 1; n <= 100; n++) feed.publish(boardOf({ ...none, events: [event(String(n))] }));
  expect(messageOf(feed.next(start, ''))).toEqual({ set: { events: [event('1')] }, gone: { events: ['0'] } });
  feed.publish(boardOf({ ...none, events: [event('101')] }));
  expect(messageOf(feed.next(start, ''))).toMatchObject({ whole: true });
  for (const foreign of [
    new Feed().next(null, '')?.id ?? '',
    'x',
    '',
    '.1',
    `${start}9999`,
    start.replace(/\d+$/, '-1'),
  ])
    expect(messageOf(feed.next(foreign, ''))).toMatchObject({ whole: true, set: { events: [event('101')] } });
});

test('of the drawings a page is told the one that it shows', () => {
  const feed = new Feed();
  feed.publish(boardOf({ ...none, nodes: [node('a', '1'), node('ab', '2')] }));
  const first = feed.next(null, 'a');
  expect(messageOf(first)?.set).toEqual({ nodes: [node('a', '1')] });
  feed.publish(boardOf({ ...none, nodes: [node('a', '1'), node('ab', '3')] }));
  const second = feed.next(first?.id ?? '', 'a');
  expect(second).toMatchObject({ data: null });
  expect(feed.next(second?.id ?? '', 'a')).toBe(null);
});

test('who waits is woken by a change, by time, and by its end', async () => {
  const feed = new Feed();
  const end = new AbortController();
  const waits = feed.changed(60_000, end.signal);
  feed.publish(boardOf({ ...none, events: [event('a')] }));
  expect(await waits).toBe('changed');
  expect(await feed.changed(1, end.signal)).toBe('passed');
  const ends = feed.changed(60_000, end.signal);
  end.abort();
  expect(await ends).toBe('changed');
});
