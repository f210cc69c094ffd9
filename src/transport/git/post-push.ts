/**
 * A push as one request of our own: `git push` asks for all refs first and takes six processes. What it can't do, or
 * what isn't answered plainly, is left to git, which finds out by itself how far this came: every update is a
 * compare-and-swap, so sending it twice does no harm.
 *
 *   a report in which every ref is `ok`, or lost a race    the answers
 *   sent, and no whole answer in time                      `unknown` for all
 *   anything else                                          null: git must push
 */
import type { ObjectFormat } from '../objects/object-id.ts';
import type { RefUpdate } from '../port.ts';
import { callService } from './call-service.ts';
import { lockFiles, rejectionOf } from './parse-push.ts';
import type { PushResult } from './push.ts';
import { encodeRequest, parseReport } from './receive-pack.ts';
import { cleanWords } from './redact.ts';
import type { ServiceTarget } from './service-question.ts';

export interface PostRequest {
  readonly target: ServiceTarget;
  readonly updates: readonly RefUpdate[];
  readonly atomic: boolean;
  /** All that the server lacks of what the refs shall have; nothing where everything is deleted. Null: only git can tell. */
  readonly pack: Promise<Buffer | null>;
  readonly objectFormat: ObjectFormat;
  readonly timeoutMs: number;
  readonly onSent?: (() => void) | undefined;
}

export async function postPush(request: PostRequest): Promise<PushResult | null> {
  const { updates } = request;
  const { target, timeoutMs, pack: rest, onSent } = request;
  const answer = await callService(target, encodeRequest(request), timeoutMs, { rest, onSent });
  if (answer === 'not-sent' || answer === 'declined') return null;
  if (answer === 'broken') {
    const message = 'the connection ended before the answer was complete';
    return { answers: new Map(updates.map(({ ref }) => [ref, 'unknown'])), message, locks: [], stderr: message };
  }
  return readAnswer(answer, updates);
}

function readAnswer(answer: Buffer, updates: readonly RefUpdate[]): PushResult | null {
  const { refs, unpack, words } = parseReport(answer);
  if (unpack !== 'ok') return null;
  const answers = new Map(
    updates.map(({ ref }) => {
      const reason = refs.get(ref);
      return [
        ref,
        reason === undefined ? 'unknown' : reason === null ? 'applied' : rejectionOf(reason, words),
      ] as const;
    }),
  );
  // git tells a refusal with all its words
  if ([...answers.values()].some((one) => one === 'refused' || one === 'unknown')) return null;
  const reasons = [...refs].flatMap(([ref, reason]) => (reason === null ? [] : `${ref}: ${reason}`));
  if (reasons.length === 0) return { answers, message: '', locks: [], stderr: words };
  return { answers, message: cleanWords([...reasons, words].join('\n')), locks: lockFiles(words), stderr: words };
}

/** Whether the remote takes a request that we make: one that moves nothing. */
export async function postsAreTaken(target: ServiceTarget, timeoutMs: number): Promise<boolean> {
  const answer = await callService(target, Buffer.from('0000'), timeoutMs);
  return Buffer.isBuffer(answer);
}
