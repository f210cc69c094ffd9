/**
 * What a remote allows, found out with scratch refs of our own (protocol 5, "A server is trusted only as far as it was
 * probed"):
 *
 *   look    which refs are there; protocol v2 or not
 *   create  two scratch refs in one atomic push: push rights, custom refs, `atomic` at all
 *   race    a request with a stale old value, overtaken by a replacement that is no fast-forward
 *   delete  all scratch refs
 *
 * After each step the refs are read: what they show counts, not what the server said. Four pushes and four looks. The
 * scratch refs stand where no reader of a book looks, and their name is kept beside the store until they are gone, so
 * that what a killed probe left, or a server won't delete, is used and removed by the next one.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CoordError } from '../../errors.ts';
import { withFileLock } from '../file-lock.ts';
import { gitEnvironment } from '../git-process.ts';
import { makeFolder } from '../make-folder.ts';
import { emptyTreeOid, type ObjectFormat, objectId } from '../objects/object-id.ts';
import { writeLooseObjects } from '../objects/write-loose.ts';
import type { NewCommit, Oid, RefAnswer, RefUpdate } from '../port.ts';
import { postsAreTaken } from './post-push.ts';
import { lookAt, type RemoteLook } from './probe-look.ts';
import { raceOnRef } from './probe-race.ts';
import { type PushResult, push } from './push.ts';
import { RemoteGit } from './remote-git.ts';
import { serviceTarget } from './service-target.ts';
import { openStore } from './store-repository.ts';

export interface ProbeOptions {
  readonly store: string;
  readonly cloneGitDir: string;
  readonly cloneTop: string;
  readonly remote: string;
  readonly prefix: string;
  readonly objectFormat: ObjectFormat;
  readonly env: NodeJS.ProcessEnv;
  /** For one request to the remote. */
  readonly timeoutMs: number;
}

export type Trait = 'pushRights' | 'customRefs' | 'atomic' | 'compareAndSwap' | 'nonFastForward' | 'deletes';

/** Null: an earlier no left it untried. */
export type ProbeResult = { readonly [trait in Trait]: boolean | null } & {
  readonly protocolV2: boolean;
  /** It takes pushes that we post ourselves. */
  readonly posts: boolean;
  /** The server's own words for each no. */
  readonly words: { readonly [trait in Trait]?: string };
  /** How many pushes it took. */
  readonly pushes: number;
};

/** How long another probe of this clone is waited for: its requests, each of which ends in time. */
const requestsMax = 12;

/**
 * @throws CoordError `unavailable` with git's words, when the remote can't be read or it ended in the middle: nothing is
 * known of it then
 */
export async function probeRemote(options: ProbeOptions): Promise<ProbeResult> {
  const { store, objectFormat, env, timeoutMs } = options;
  makeFolder(dirname(store));
  return withFileLock(join(dirname(store), 'probe.lock'), requestsMax * timeoutMs, async () => {
    await openStore({ store, objectFormat, env: gitEnvironment(env), timeoutMs });
    const kept = await readFile(scratchFile(store), 'utf8').catch(() => '');
    const former = /^probe-[0-9a-f]{16}$/.test(kept) ? new Probe(options, kept) : null;
    if (former !== null && (await former.knowsItsRefs())) return former.run();
    return new Probe(options, newName()).run();
  });
}

const scratchFile = (store: string): string => join(dirname(store), 'probe-scratch');
const newName = (): string => `probe-${randomBytes(8).toString('hex')}`;

class Probe {
  readonly #options: ProbeOptions;
  readonly #git: RemoteGit;
  readonly #traits: { [trait in Trait]: boolean | null } = {
    pushRights: null,
    customRefs: null,
    atomic: null,
    compareAndSwap: null,
    nonFastForward: null,
    deletes: null,
  };
  readonly #words: { [trait in Trait]?: string } = {};
  readonly #name: string;
  readonly #moved: string;
  readonly #second: string;
  readonly #third: string;
  #pushes = 0;

  constructor(options: ProbeOptions, name: string) {
    this.#options = options;
    this.#git = new RemoteGit(options);
    this.#name = name;
    this.#moved = `${options.prefix}coord/${name}`;
    // below claims too, for what a hook refuses there; `_` begins no id, and no reader looks that deep
    this.#second = `${options.prefix}claims/_probe/${name}`;
    this.#third = `${options.prefix}coord/${name}-b`;
  }

  /** Whether the store has what an earlier probe left, so that its refs can be moved on. */
  async knowsItsRefs(): Promise<boolean> {
    const { refs } = await this.#look();
    const found = await Promise.all([...refs.values()].map((oid) => this.#git.run(['cat-file', '-e', oid])));
    return found.every(({ status }) => status === 0);
  }

  async run(): Promise<ProbeResult> {
    const before = await this.#look();
    await writeFile(scratchFile(this.#options.store), this.#name);
    let shown: ReadonlyMap<string, Oid> | null = null;
    try {
      const first = await this.#create(before);
      if (first !== null) shown = await this.#race(first, before.refs.get(this.#third) ?? null);
    } catch (error) {
      await this.#delete(null).catch(() => {});
      throw error;
    }
    // also after a refusal: git itself applies the rest of an atomic push that names a hidden ref (measured with 2.39)
    await this.#delete(shown);
    const posts = this.#traits.compareAndSwap === true && (await this.#takesPosts());
    return { ...this.#traits, protocolV2: before.protocolV2, posts, words: this.#words, pushes: this.#pushes };
  }

  async #takesPosts(): Promise<boolean> {
    const { remote, cloneTop: cwd, env, timeoutMs } = this.#options;
    const entries = await this.#git.entries();
    const target = serviceTarget({ service: 'git-receive-pack', remote, entries, env, cwd });
    return target !== null && postsAreTaken(target, timeoutMs);
  }

  /** Creates two scratch refs. Null when the remote won't have them, which the traits then say. */
  async #create({ refs }: RemoteLook): Promise<NewCommit | null> {
    const commit = this.#commit([...new Set(refs.values())]);
    const updates = [this.#second, this.#moved].map((ref) => ({ ref, from: refs.get(ref) ?? null, to: commit.oid }));
    let result = await this.#push(updates, true, [commit]);
    if (/does not support --atomic/i.test(result.stderr)) {
      this.#no('atomic', 'the receiving end does not support --atomic');
      result = await this.#push(updates, false, []);
    }
    const answers = [...result.answers.values()];
    if (answers.every((answer) => answer === 'applied')) {
      this.#traits.pushRights = true;
      this.#traits.customRefs = true;
      const shown = await this.#look();
      if (updates.every(({ ref, to }) => shown.refs.get(ref) === to)) return commit;
      this.#no('compareAndSwap', 'it said "ok" to a change that its refs do not show');
      return null;
    }
    return this.#refused(result, answers);
  }

  #refused(result: PushResult, answers: readonly RefAnswer[]): null {
    const { stderr, message } = result;
    if (answers.includes('refused') || /RPC failed; HTTP 4\d\d/.test(stderr)) {
      const mayWrite = !/unpack|Permission denied|insufficient permission|read-only/i.test(message);
      this.#traits.pushRights = mayWrite ? true : null;
      this.#no(mayWrite ? 'customRefs' : 'pushRights', message);
    } else if (answers.every((answer) => answer === 'unsent')) this.#no('pushRights', message);
    else throw this.#unfinished(message);
    return null;
  }

  /** Answers what the refs showed afterwards. */
  async #race(first: NewCommit, third: Oid | null): Promise<ReadonlyMap<string, Oid>> {
    const replacement = this.#commit([]);
    const next = this.#commit([first.oid]);
    // descends from whatever may stand there, so that nothing but the old value speaks against it
    const late = this.#commit([first.oid, replacement.oid, next.oid, ...(third === null ? [] : [third])]);
    await this.#write([replacement, next, late]);
    const atomic = this.#traits.atomic !== false;
    const stale = { ref: this.#moved, from: first.oid, to: late.oid };
    const others = [
      { ref: this.#second, from: first.oid, to: late.oid },
      { ref: this.#third, from: third, to: late.oid },
    ];
    const reading = await raceOnRef(this.#git, {
      store: this.#options.store,
      remote: this.#options.remote,
      folder: join(dirname(this.#options.store), this.#name),
      late: atomic ? [stale, ...others] : [stale],
      atomic,
      ref: this.#moved,
      from: first.oid,
      overtaking: [replacement.oid, next.oid],
    });
    this.#pushes += 1 + reading.overtaking.length;
    const winner = this.#overtaken(reading.overtaking);
    const { refs } = await this.#look();
    this.#judge(refs.get(this.#moved), winner, late.oid, reading.late.answers.get(this.#moved), reading.late.message);
    if (!atomic) return refs;
    this.#traits.atomic = refs.get(this.#second) === first.oid && (refs.get(this.#third) ?? null) === third;
    if (!this.#traits.atomic) this.#words.atomic = 'it applied a part of an atomic push that it refused';
    return refs;
  }

  /** Which value overtook; the first one is no fast-forward. */
  #overtaken(tried: Awaited<ReturnType<typeof raceOnRef>>['overtaking']): Oid {
    const [replacement, next] = tried;
    const said = replacement?.reading.answers.get(this.#moved);
    if (replacement !== undefined && said === 'applied') {
      this.#traits.nonFastForward = true;
      return replacement.oid;
    }
    if (next?.reading.answers.get(this.#moved) !== 'applied' || said !== 'refused') {
      throw this.#unfinished((next ?? replacement)?.reading.message ?? "git did not run the probe's own hook");
    }
    this.#no('nonFastForward', replacement?.reading.message ?? '');
    return next.oid;
  }

  #judge(shown: Oid | undefined, winner: Oid, late: Oid, said: RefAnswer | undefined, message: string): void {
    this.#traits.compareAndSwap = shown === winner && said !== 'applied';
    if (shown === late) this.#no('compareAndSwap', 'it replaced a value that was not the one to be replaced');
    else if (said === 'applied') this.#no('compareAndSwap', 'it said "ok" to a request that it did not carry out');
    else if (shown !== winner) this.#no('compareAndSwap', 'it said "ok" to a change that its refs do not show');
    else if (said === 'unknown' || said === 'unsent') throw this.#unfinished(message);
  }

  /** @param shown what the refs show; null: not known */
  async #delete(shown: ReadonlyMap<string, Oid> | null): Promise<void> {
    const refs = shown ?? (await this.#look()).refs;
    const updates = [...refs].map(([ref, from]) => ({ ref, from, to: null }));
    if (updates.length > 0) {
      const result = await this.#push(updates, false, []);
      const answers = [...result.answers.values()];
      const { refs: left } = await this.#look();
      this.#traits.deletes = left.size === 0;
      if (left.size > 0) {
        if (!answers.every((answer) => answer === 'refused' || answer === 'applied'))
          throw this.#unfinished(result.message);
        this.#no('deletes', result.message || 'it said "ok" to deletions that its refs do not show');
        return;
      }
    }
    await rm(scratchFile(this.#options.store), { force: true });
  }

  #look(): Promise<RemoteLook> {
    return lookAt(this.#options, [this.#moved, this.#second, this.#third]);
  }

  async #push(updates: readonly RefUpdate[], atomic: boolean, objects: readonly NewCommit[]): Promise<PushResult> {
    await this.#write(objects);
    this.#pushes += 1;
    return push(this.#git, { remote: this.#options.remote, updates, atomic, foreign: undefined });
  }

  #write(objects: readonly NewCommit[]): Promise<unknown> {
    return writeLooseObjects(join(this.#options.store, 'objects'), this.#options.objectFormat, objects);
  }

  #no(trait: Trait, words: string): void {
    this.#traits[trait] = false;
    this.#words[trait] = words;
  }

  #unfinished(words: string): CoordError {
    return new CoordError('unavailable', `the remote could not be probed: ${words || 'git gave no reason'}`, {
      hint: 'Nothing is known of what it allows. The same command tries again.',
    });
  }

  #commit(parents: readonly Oid[]): NewCommit {
    const { objectFormat } = this.#options;
    const person = `git-coord <git-coord@git-coord.invalid> ${Math.floor(Date.now() / 1000)} +0000`;
    const header = [
      `tree ${emptyTreeOid(objectFormat)}`,
      ...parents.map((parent) => `parent ${parent}`),
      `author ${person}`,
      `committer ${person}`,
    ];
    const subject = 'probe: what this remote allows [skip ci]';
    const nonce = randomBytes(16).toString('base64url');
    const body = Buffer.from(`${header.join('\n')}\n\n${subject}\n\n${nonce}\n`);
    return { oid: objectId(objectFormat, 'commit', body), body };
  }
}
