import { CoordError } from '../errors.ts';
import { eventLine } from './event-text.ts';
import { filterOf } from './filter.ts';
import type { Context } from './frame/context.ts';
import { splitCommandLine } from './frame/parse.ts';
import type { Parsed } from './frame/parsed.ts';
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
    const agent = parsed.text('by') ?? agentAfterCommand(context);
    const { events, cursor } = await book.events({ types: parsed.list('type'), agent, limit });
    const text = events.map((event) => eventLine(context, event)).join('');
    return { data: { events, cursor, asOf: app.asOf() }, text: text || 'no events\n' };
  });
};

/** The `--agent` of the commands that list is a filter; before the command, and of `publish`, it is who we are. */
function agentAfterCommand({ argv, agent }: Context): string | undefined {
  const before = splitCommandLine(argv).flags.agent;
  return agent === before ? undefined : agent;
}

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
