/** What the tools answer, as JSON schemas: the shapes of docs/cli.md, of which only what callers lean on is spelt out. */
import * as z from 'zod/mini';

const text = z.string();
const record = z.looseObject({});
const count = z.int();

const task = z.looseObject({
  id: text,
  title: text,
  state: z.enum(['open', 'claimed', 'review', 'done', 'failed', 'cancelled']),
  ready: z.boolean(),
  priority: count,
  term: count,
  claim: z.nullable(z.looseObject({ agent: text, session: text, mine: z.boolean() })),
});

const claimed = z.looseObject({
  task,
  via: z.enum(['free', 'created', 'takeover', 'force', 'already-mine']),
  previous: z.optional(z.nullable(z.looseObject({ branch: text, commit: text }))),
});

/** Beside what ended: what was claimed then. */
const next = z.optional(z.nullable(claimed));

export const data = {
  task,
  ended: z.extend(task, { next }),
  added: z.extend(task, { created: z.boolean() }),
  claimed,
  tasks: z.looseObject({ tasks: z.array(task), asOf: text }),
  landed: z.looseObject({ task, next }),
  status: z.looseObject({ agent: text, session: text, claims: z.array(record), agents: z.array(record) }),
  page: z.looseObject({ text }),
  /** Of `list` and of `publish`. */
  events: z.looseObject({ events: z.optional(z.array(record)) }),
} as const;

const error = z.looseObject({ code: text, message: text, hint: z.optional(text), next: z.array(text) });

/** The document around them (documents.ts). */
export const documentWith = (shape: z.ZodMiniType) =>
  z.looseObject({
    about: text,
    ok: z.boolean(),
    data: z.optional(shape),
    error: z.optional(error),
    warnings: z.optional(z.array(text)),
  });
