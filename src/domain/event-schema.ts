import * as z from 'zod/mini';
import type { EventNote } from './event.ts';
import { isId } from './ids.ts';
import { once } from './once.ts';
import type { Json } from './task.ts';

/** What a reader takes for an event's note (protocol 3). */
export const eventNoteSchema = once((): z.ZodMiniType<EventNote> => {
  const word = z.string().check(z.maxLength(200));
  const count = z.int().check(z.gte(1));
  /** It is handed to git, a line for each. */
  const oid = z.string().check(z.regex(/^[0-9a-f]{40,64}$/));
  return z.object({
    v: z.literal(1),
    kind: z.literal('event'),
    id: word,
    type: z.string().check(z.refine(isId, 'not a type')),
    by: z.string().check(z.refine(isId, 'not an id')),
    at: word,
    seq: count,
    first: count,
    after: z.optional(z.object({ tip: oid, seq: z.int().check(z.gte(0)) })),
    // it came out of JSON.parse: only its absence is to be refused
    data: z.unknown().check(z.refine((value) => value !== undefined, 'absent')) as z.ZodMiniType<Json>,
  });
});
