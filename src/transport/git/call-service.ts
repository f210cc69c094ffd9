/** One request of our own to one of git's services, wherever it stands. */
import { gitEnvironment, runGit } from '../git-process.ts';
import { type Answered, answerBytesMax, post } from './post.ts';
import type { FolderTarget, ServiceTarget } from './service-question.ts';

export interface MoreOfCall {
  /** Follows the request; null: it can't be made, and nothing is asked for. */
  readonly rest?: Promise<Buffer | null>;
  /** Called when the request is on its way over HTTP; what runs here needs this machine for itself. */
  readonly onSent?: (() => void) | undefined;
}

export async function callService(
  target: ServiceTarget,
  request: Buffer,
  timeoutMs: number,
  { rest = Promise.resolve(Buffer.alloc(0)), onSent }: MoreOfCall = {},
): Promise<Answered> {
  if (!('url' in target)) return runHere(target, request, timeoutMs, rest);
  const more = await rest;
  return more === null ? 'not-sent' : post(target, Buffer.concat([request, more]), timeoutMs, onSent);
}

/**
 * What a git server does with a request that arrived over HTTP: runs the service on it. `git push` and `git fetch` take two or
 * three processes more, and a talk before.
 */
async function runHere(
  { service, folder, cwd, env }: FolderTarget,
  input: Buffer,
  timeoutMs: number,
  later: Promise<Buffer | null>,
): Promise<Answered> {
  const protocol = service === 'git-upload-pack' ? { GIT_PROTOCOL: 'version=2' } : {};
  // git keeps these, too, from what it runs in another repository
  const notItsOwn = { GIT_CONFIG_COUNT: undefined, GIT_CONFIG_PARAMETERS: undefined };
  const serviceEnv = gitEnvironment(env, { ...protocol, ...notItsOwn });
  const args = [service.replace(/^git-/, ''), '--stateless-rpc', folder];
  const limits = { timeoutMs, outputBytesMax: answerBytesMax };
  const { status, stdout } = await runGit(args, { cwd, env: serviceEnv, input, later, ...limits });
  // without its pack it has refused
  if ((await later) === null) return 'not-sent';
  // one that ended by a signal may have done anything
  if (status === null) return 'broken';
  return status !== 0 && stdout.length === 0 ? 'declined' : stdout;
}
