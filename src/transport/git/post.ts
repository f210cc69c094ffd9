/** One request of our own to a git service over HTTP, on a connection of its own. */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { HttpTarget } from './service-question.ts';

/** What a gateway says that gave up waiting. */
const mayHaveBeenHandedOn = new Set([500, 502, 504]);
export const answerBytesMax = 1024 * 1024;

/**
 *   bytes      the whole answer, of the service that was asked
 *   not-sent   nothing reached the server
 *   declined   it answered something else
 *   broken     sent, and no whole answer in time
 */
export type Answered = Buffer | 'not-sent' | 'declined' | 'broken';

/** @param onSent called when the request is on its way */
export async function post(
  target: HttpTarget,
  body: Buffer,
  timeoutMs: number,
  onSent: () => void = () => {},
): Promise<Answered> {
  const { url, headers, service } = target;
  const { request: send } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const options: RequestOptions = {
    method: 'POST',
    // an old connection that the server has just closed looks like a lost reply
    agent: false,
    headers: {
      ...Object.fromEntries(headers),
      'User-Agent': 'git/git-coord',
      'Content-Type': `application/x-${service}-request`,
      Accept: `application/x-${service}-result`,
      ...(service === 'git-upload-pack' ? { 'Git-Protocol': 'version=2' } : {}),
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
    const end = (answered: Answered) => {
      clearTimeout(timer);
      resolve(answered);
    };
    request.once('socket', (socket) => {
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        sent = true;
        setImmediate(onSent);
      });
    });
    request.on('error', () => end(sent ? 'broken' : 'not-sent'));
    request.once('response', (response) => void collect(response, service).then(end));
    request.end(body);
  });
}

async function collect(response: IncomingMessage, service: string): Promise<Answered> {
  const { statusCode, headers } = response;
  const isReport = headers['content-type'] === `application/x-${service}-result`;
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
