import { Coprocess } from '../local/coprocess.ts';
import { Reader } from '../local/reader.ts';
import type { CommitObject, Oid, Unreadable } from '../port.ts';
import { updateRefArgs } from './kept-refs.ts';
import { isStoreSound, openStore, removeStore, type StoreOptions } from './store-repository.ts';

export interface OpenStore {
  readonly identity: string;
  readonly reader: Reader;
  readonly updateRef: Coprocess;
}

/** The processes that answer for the store as it is now: somebody may have removed or replaced it since. */
export class StoreProcesses {
  readonly #store: StoreOptions;
  #opened: OpenStore | undefined;

  constructor(store: StoreOptions) {
    this.#store = store;
  }

  /** Makes the store where there is none. @throws CoordError `unavailable` */
  async open(): Promise<OpenStore> {
    const identity = await openStore(this.#store);
    if (this.#opened?.identity === identity) return this.#opened;
    const options = { gitDir: this.#store.store, env: this.#store.env, timeoutMs: this.#store.timeoutMs };
    const opened = { identity, reader: new Reader(options), updateRef: new Coprocess(updateRefArgs, options) };
    const closed = this.close();
    this.#opened = opened;
    await closed;
    return opened;
  }

  /** Starts what moves refs, for a move that comes soon. */
  begin(): void {
    this.#opened?.updateRef.begin();
  }

  async commits(oids: readonly Oid[]): Promise<Map<Oid, CommitObject | Unreadable>> {
    const { reader } = await this.open();
    try {
      return await reader.commits(oids);
    } catch (error) {
      // closed under us, because the store was replaced meanwhile
      if (this.#opened?.reader === reader) throw error;
      return (await this.open()).reader.commits(oids);
    }
  }

  /** Looks the store through, and takes it away when it is broken. Answers whether it was. */
  async discardIfBroken(): Promise<boolean> {
    const identity = await openStore(this.#store);
    if (await isStoreSound(this.#store)) return false;
    await this.close();
    await removeStore(this.#store, identity);
    return true;
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await Promise.all([opened?.reader.close(), opened?.updateRef.close()]);
  }
}
