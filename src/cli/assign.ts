import { formatDuration } from '../config/durations.ts';
import { CoordError } from '../errors.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) => {
  const [id = '', name] = parsed.positionals;
  const ttlMs = parsed.number('ttl');
  const none = parsed.flag('none');
  if ((name === undefined) !== none || (none && ttlMs !== undefined))
    throw new CoordError('usage', none ? '--none takes neither an agent nor a ttl' : 'assign it to whom?', {
      next: [`git coord assign ${id} <agent>`, `git coord assign ${id} --none`, 'git coord agents'],
    });
  return withBook(context, parsed, async ({ book, command }) => {
    const { task, reserved, replaced, capabilities } = await book.assign(id, name ?? null, { ttlMs }, command);
    if (reserved !== null && capabilities === null)
      context.notice(`no agent ${reserved.agent} has claimed anything yet (git coord agents)`);
    if (replaced !== null) context.notice(`it was reserved for ${oneLine(replaced.agent)} until then`);
    const text =
      reserved === null
        ? 'reserved for nobody'
        : `reserved for ${reserved.agent} for ${formatDuration(reserved.ttlMs)}`;
    return { data: { ...task, reserved, replaced }, text: `${task.id}: ${text}\n` };
  });
};
