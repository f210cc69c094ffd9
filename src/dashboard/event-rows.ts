import type { ShownEvent } from '../domain/event.ts';
import type { Json } from '../domain/task.ts';
import { type EventRow, eventsMax } from './rows.ts';
import { shownText } from './shown-text.ts';

const textCharsMax = 200;

/** The newest events, each once. */
export class EventRows {
  #rows = new Map<string, EventRow>();
  #count = 0;

  get rows(): EventRow[] {
    return [...this.#rows.values()];
  }

  add(events: readonly ShownEvent[]): void {
    for (const event of events.slice(-eventsMax)) {
      const key = shownText(event.id, 100);
      if (this.#rows.has(key)) continue;
      this.#rows.set(key, rowOf(event, key, ++this.#count));
    }
    for (const oldest of this.#rows.keys()) {
      if (this.#rows.size <= eventsMax) break;
      this.#rows.delete(oldest);
    }
  }
}

function rowOf({ at, type, by, task, term, data }: ShownEvent, key: string, n: number): EventRow {
  return {
    key,
    n,
    at: shownText(at, 40),
    type: shownText(type, 64),
    by: shownText(by, 64),
    task: task === null ? null : shownText(task, 64),
    text: textOf(type, data, term),
  };
}

function textOf(type: string, data: Json, term: number | null): string {
  if (type.startsWith('task.')) return stepText(data, term);
  const isOfAgent = type.startsWith('agent.') && isObject(data);
  if (isOfAgent && typeof data.from === 'string' && typeof data.to === 'string')
    return shownText(`${data.from} → ${data.to}`);
  if (isOfAgent && Array.isArray(data.capabilities)) {
    // anybody can push an event: what is no name may be nothing that can be written at all
    const names = data.capabilities.filter((name) => typeof name === 'string');
    return shownText(`can ${names.join(', ')}`);
  }
  return dataText(data);
}

/** What else a step of a task says. */
function stepText(data: Json, term: number | null): string {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return dataText(data);
  const { title, error, notes, progress } = data;
  if (isObject(error) && typeof error.message === 'string') return shownText(error.message, textCharsMax);
  const note = Array.isArray(notes) ? notes.at(-1) : undefined;
  if (isObject(note) && typeof note.text === 'string') return shownText(note.text, textCharsMax);
  if (isObject(progress) && typeof progress.text === 'string') return shownText(progress.text, textCharsMax);
  if (typeof title === 'string') return shownText(title, textCharsMax);
  return term === null || term < 2 ? '' : `term ${term}`;
}

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const dataText = (data: Json): string => (data === null ? '' : shownText(JSON.stringify(data), textCharsMax));
