import type { Run } from './frame/spec.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  withBook(context, parsed, async ({ book }) => {
    const data = await book.archive();
    if (data.left > 0)
      context.notice(
        `finished and still on the board: ${data.left} (needed by others, of a workflow that goes on, or not seen here for an hour yet)`,
      );
    return { data, text: `archived: ${data.archived.length}\n` };
  });
