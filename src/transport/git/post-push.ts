/**
 * A push as one HTTP request of our own: `git push` asks for all refs first and takes six processes. What it can't do, or
 * what isn't answered plainly, is left to git, which finds out by itself how far this came: every update is a
 * compare-and-swap, so sending it twice does no harm.
 *
 *   a report in which every ref is `ok`, or lost a race    the answers
 *   sent, and no whole answer in time                      `unknown` for all
 *   anything else                                          null: git must push
 */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { ObjectFormat } from '../objects/object-id.ts';
import { packCommits } from '../objects/pack.ts';
import type { NewCommit, RefUpdate } from '../port.ts';
import type { HttpTarget } from './http-target.ts';
import { lockFiles, rejectionOf } from './parse-push.ts';
import type { PushResult } from './push.ts';
import { encodeRequest, parseReport } from './receive-pack.ts';
import { cleanWords } from './redact.ts';

export interface PostRequest {
  readonly target: HttpTarget;
  readonly updates: readonly RefUpdate[];
  readonly atomic: boolean;
  readonly objects: readonly NewCommit[];
  readonly objectFormat: ObjectFormat;
  readonly timeoutMs: number;
}

/** What a gateway says that gave up waiting. */
const mayHaveBeenHandedOn = new Set([500, 502, 504]);
const answerBytesMax = 1024 * 1024;

export async function postPush(request: PostRequest): Promise<PushResult | null> {
  const { updates, atomic, objects, objectFormat } = request;
  const made = new Set(objects.map(({ oid }) => oid));
  // an older object may be new to the server: git knows what else it lacks
  if (!updates.every(({ to }) => to === null || made.has(to))) return null;
  const pack = updates.some(({ to }) => to !== null) ? packCommits(objectFormat, objects) : null;
  const answer = await post(request, encodeRequest({ updates, atomic, objectFormat, pack }));
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
export async function postsAreTaken(target: HttpTarget, timeoutMs: number): Promise<boolean> {
  const answer = await post({ target, timeoutMs }, Buffer.from('0000'));
  return Buffer.isBuffer(answer);
}

type Posted = Buffer | 'not-sent' | 'declined' | 'broken';

async function post({ target, timeoutMs }: Pick<PostRequest, 'target' | 'timeoutMs'>, body: Buffer): Promise<Posted> {
  const { url, headers } = target;
  const { request: send } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const options: RequestOptions = {
    method: 'POST',
    // an old connection that the server has just closed looks like a lost reply
    agent: false,
    headers: {
      ...Object.fromEntries(headers),
      'User-Agent': 'git/git-coord',
      'Content-Type': 'application/x-git-receive-pack-request',
      Accept: 'application/x-git-receive-pack-result',
      'Content-Length': body.length,
    },
  };
  return new Promise((resolve) => {
    let sent = false;
    let request: ClientRequest;
    try {
      request = send(url, options);
    } catch {
      // something in it that Node won't send
      resolve('not-sent');
      return;
    }
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), timeoutMs);
    const end = (posted: Posted) => {
      clearTimeout(timer);
      resolve(posted);
    };
    request.once('socket', (socket) => {
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        sent = true;
      });
    });
    request.on('error', () => end(sent ? 'broken' : 'not-sent'));
    request.once('response', (response) => void collect(response).then(end));
    request.end(body);
  });
}

async function collect(response: IncomingMessage): Promise<Posted> {
  const { statusCode, headers } = response;
  const isReport = headers['content-type'] === 'application/x-git-receive-pack-result';
  if (statusCode !== 200 || !isReport) {
    response.destroy();
    return mayHaveBeenHandedOn.has(statusCode ?? 0) ? 'broken' : 'declined';
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > answerBytesMax) return 'broken';
      chunks.push(chunk);
    }
  } catch {
    return 'broken';
  }
  return response.complete ? Buffer.concat(chunks) : 'broken';
}
