import type { ObjectFormat } from '../objects/object-id.ts';
import { packObjects } from '../objects/pack.ts';
import type { ForeignObjects, NewObject, RefUpdate } from '../port.ts';
import { packLent } from './pack-lent.ts';
import { postPush } from './post-push.ts';
import { type PushRequest, type PushResult, push } from './push.ts';
import type { RemoteGit } from './remote-git.ts';
import { serviceTarget } from './service-target.ts';

interface PusherOptions {
  readonly objectFormat: ObjectFormat;
  /** The clone's top folder. */
  readonly cloneTop: string;
  readonly env: NodeJS.ProcessEnv;
  /** The remote takes pushes that we post ourselves (`postsAreTaken`). */
  readonly posts?: boolean | undefined;
  readonly timeoutMs: number;
}

/** Pushes by one request of our own where that is known to do, else by git. */
export class Pusher {
  readonly #options: PusherOptions;
  readonly #git: RemoteGit;
  #posts: boolean;
  #lent: { readonly update: RefUpdate; readonly pack: Promise<Buffer | null> } | undefined;

  constructor(options: PusherOptions, git: RemoteGit) {
    this.#options = options;
    this.#git = git;
    this.#posts = options.posts ?? false;
  }

  /** Begins to pack what a push of this update will have to bring. */
  lend(update: RefUpdate, foreign: ForeignObjects): void {
    if (!this.#posts) return;
    this.#lent = { update, pack: packLent(this.#git, [update], foreign) };
    // whoever pushes hears of it
    this.#lent.pack.catch(() => {});
  }

  async push(request: PushRequest, objects: readonly NewObject[]): Promise<PushResult> {
    return (await this.#post(request, objects)) ?? push(this.#git, request);
  }

  /** Null: git must push. */
  async #post(request: PushRequest, objects: readonly NewObject[]): Promise<PushResult | null> {
    if (!this.#posts) return null;
    const { remote, updates, atomic, onSent } = request;
    const { objectFormat, cloneTop: cwd, env, timeoutMs } = this.#options;
    const entries = await this.#git.entries();
    const target = serviceTarget({ service: 'git-receive-pack', remote, entries, env, cwd });
    if (target === null) return null;
    const pack = this.#packFor(request, objects);
    // as long as git itself waits for a reply that doesn't come
    const limits = { timeoutMs: timeoutMs / 2 };
    const result = await postPush({ target, updates, atomic, pack, objectFormat, onSent, ...limits });
    // what stands between may mind who asks: the same push, sent again, is git's
    if (result !== null && [...result.answers.values()].includes('unknown')) this.#posts = false;
    return result;
  }

  /** Null: git knows what else the server lacks. */
  async #packFor({ updates, foreign }: PushRequest, objects: readonly NewObject[]): Promise<Buffer | null> {
    if (updates.every(({ to }) => to === null)) return Buffer.alloc(0);
    const made = new Set(objects.map(({ oid }) => oid));
    const others = updates.filter(({ to }) => to !== null && !made.has(to));
    if (others.length === 0) return packObjects(this.#options.objectFormat, objects);
    // an older object may be new to the server
    if (foreign === undefined) return null;
    const lent = await (this.#packing(others) ?? packLent(this.#git, others, foreign));
    return lent && packObjects(this.#options.objectFormat, objects, lent);
  }

  /** What was begun for exactly this. */
  #packing([update, ...more]: readonly RefUpdate[]): Promise<Buffer | null> | undefined {
    const { update: known, pack } = this.#lent ?? {};
    this.#lent = undefined;
    const isThis =
      more.length === 0 && known?.ref === update?.ref && known?.from === update?.from && known?.to === update?.to;
    return isThis ? pack : undefined;
  }
}

/** Whether the push may have failed for an object that the store lacks. */
export function blamesStore({ answers, stderr }: PushResult): boolean {
  if ([...answers.values()].includes('applied')) return false;
  return /bad object|unable to read|object file .* is (empty|corrupt)|loose object|not a valid|missing (blob|tree|commit)|did not receive expected object|Could not read [0-9a-f]{40}|eof before pack header|not a git repository|src refspec/i.test(
    stderr,
  );
}
