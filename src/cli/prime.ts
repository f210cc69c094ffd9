import { readPrime } from '../app/prime-on-app.ts';
import type { Run } from './frame/spec.ts';
import { readingBook } from './with-book.ts';

export const run: Run = (context, parsed) =>
  readingBook(context, parsed, async ({ app, stale }) => {
    const { text, ...facts } = await readPrime(app, stale ? app.asOf() : null);
    return { data: { ...facts, asOf: app.asOf(), text }, text };
  });
