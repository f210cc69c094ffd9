/**
 * A look at a few refs as one request of our own (protocol v2, `ls-refs`): git asks what the server can do before, and takes two
 * more processes. What isn't answered plainly is git's to find out.
 */
import type { ObjectFormat } from '../objects/object-id.ts';
import type { Oid } from '../port.ts';
import { callService } from './call-service.ts';
import { packetLine, packets } from './packets.ts';
import type { RemoteGit } from './remote-git.ts';
import { serviceTarget } from './service-target.ts';

interface LookerOptions {
  readonly remote: string;
  readonly objectFormat: ObjectFormat;
  /** The clone's top folder. */
  readonly cloneTop: string;
  readonly env: NodeJS.ProcessEnv;
  /** The remote takes requests that we make (`postsAreTaken`). */
  readonly posts?: boolean | undefined;
  readonly timeoutMs: number;
}

export class Looker {
  readonly #options: LookerOptions;
  readonly #git: RemoteGit;
  #posts: boolean;

  constructor(options: LookerOptions, git: RemoteGit) {
    this.#options = options;
    this.#git = git;
    this.#posts = options.posts ?? false;
  }

  get posts(): boolean {
    return this.#posts;
  }

  /** The values of those of these refs that the remote has; null: git must ask. */
  async look(refs: readonly string[]): Promise<Map<string, Oid> | null> {
    if (!this.#posts) return null;
    const { remote, objectFormat, cloneTop: cwd, env, timeoutMs } = this.#options;
    const entries = await this.#git.entries();
    const target = serviceTarget({ service: 'git-upload-pack', remote, entries, env, cwd });
    // git, which asks again, waits as long as may be
    const answer = target && (await callService(target, encodeLook(refs, objectFormat), timeoutMs / 6));
    const found = Buffer.isBuffer(answer) ? parseLook(answer, refs, objectFormat) : null;
    this.#posts = found !== null;
    return found;
  }
}

const delimiter = '0001';
const flush = '0000';

function encodeLook(refs: readonly string[], objectFormat: ObjectFormat): Buffer {
  return Buffer.concat([
    ...['command=ls-refs', 'agent=git/git-coord', `object-format=${objectFormat}`].map(packetLine),
    Buffer.from(delimiter),
    ...refs.map((ref) => packetLine(`ref-prefix ${ref}\n`)),
    Buffer.from(flush),
  ]);
}

/** Null: not the whole of an answer, or none to this. */
export function parseLook(
  answer: Buffer,
  refs: readonly string[],
  objectFormat: ObjectFormat,
): Map<string, Oid> | null {
  if (answer.subarray(-flush.length).toString('latin1') !== flush) return null;
  const oid = objectFormat === 'sha1' ? '[0-9a-f]{40}' : '[0-9a-f]{64}';
  const line = new RegExp(`^(${oid}) (\\S+)\\n?$`);
  const found = new Map<string, Oid>();
  let bytes = flush.length;
  for (const packet of packets(answer)) {
    const [, value, ref] = line.exec(packet.toString('utf8')) ?? [];
    if (value === undefined || ref === undefined) return null;
    // a prefix is asked for, and means longer names too
    if (refs.includes(ref)) found.set(ref, value);
    bytes += packet.length + flush.length;
  }
  return bytes === answer.length ? found : null;
}
