import * as z from 'zod/mini';
import type { ClaimNote } from './claim.ts';
import { isId } from './ids.ts';
import { once } from './once.ts';
import { limits } from './task.ts';
import { progressSchema } from './task-schema.ts';

/** What a reader takes for a claim's note (protocol 3). */
export const claimNoteSchema = once(() => {
  const name = z.string().check(z.maxLength(200));
  const id = z.string().check(z.refine(isId, 'not an id'));
  const whole = z.int().check(z.gte(0));
  return z.discriminatedUnion('state', [
    z.object({
      v: z.literal(1),
      kind: z.literal('claim'),
      state: z.literal('held'),
      task: id,
      term: whole,
      agent: name,
      session: name,
      tenure: name,
      cycle: name,
      ttlMs: z.int().check(z.gte(limits.ttlMsMin), z.lte(limits.ttlMsMax)),
      claimedAt: name,
      beat: z.int().check(z.gte(0), z.lte(63)),
      progress: z.nullable(progressSchema()),
    }),
    z.object({
      v: z.literal(1),
      kind: z.literal('claim'),
      state: z.literal('released'),
      task: id,
      term: whole,
      nonce: name,
    }),
  ]) as z.ZodMiniType<ClaimNote>;
});
