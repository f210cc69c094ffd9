import { CoordError } from '../errors.ts';
import { eventLine } from './event-text.ts';
import { filterOf } from './filter.ts';
import type { Context } from './frame/context.ts';
import type { Parsed } from './frame/parse.ts';
import type { Run } from './frame/spec.ts';
import { jsonOrFile } from './task-input.ts';
import { readingBook, withBook } from './with-book.ts';

export const run: Run = (context, parsed) => {
  const [action, type, json] = parsed.positionals;
  if (action === 'publish') return publish(context, parsed, type, json);
  if (type !== undefined)
    throw new CoordError('usage', 'events list takes no type but by --type', {
      next: [`git coord events list --type ${type.slice(0, 80)}`],
    });
  return readingBook(context, parsed, async ({ app, book }) => {
    const { limit } = filterOf(parsed, false);
    const { events } = await book.events({ types: parsed.list('type'), agent: parsed.text('by'), limit });
    const text = events.map((event) => eventLine(context, event)).join('');
    return { data: { events, asOf: app.asOf() }, text: text || 'no events\n' };
  });
};

function publish(context: Context, parsed: Parsed, type: string | undefined, json: string | undefined) {
  if (type === undefined)
    throw new CoordError('usage', 'events publish needs a type', { next: ['git coord events publish deploy.done'] });
  const data = json === undefined ? null : jsonOrFile(json, "the event's data", context.cwd);
  return withBook(context, parsed, async ({ book }) => {
    const published = await book.publish(type, data, { now: parsed.flag('now') });
    const how = published.sent ? 'published' : 'goes with the next push';
    return { data: published, text: `${published.type}: ${how}\n` };
  });
}
