import { Coprocess } from '../local/coprocess.ts';
import type { Oid, RefUpdate } from '../port.ts';
import { moveKept, updateRefArgs } from './kept-refs.ts';
import { listStoreRefs } from './list-refs.ts';
import { refMap } from './ref-map.ts';
import type { StoreOptions } from './store-repository.ts';

/** What the store keeps of the book, whatever became of it on the remote. */
export interface KeptBook {
  /** The newest value of each task's ref, of the archive and of the queue, that this clone has seen. @throws CoordError `unavailable` */
  refs(): Promise<ReadonlyMap<string, Oid>>;
  /** Gives up what was seen for what the remote shows. */
  follow(moves: readonly RefUpdate[]): Promise<void>;
}

export function openKeptBook(options: StoreOptions, prefix: string): KeptBook {
  const { keptPrefix, archive, queue } = refMap(prefix);
  return {
    refs: () => listStoreRefs(options, [keptPrefix, archive, queue]),
    async follow(moves) {
      const { store: gitDir, env, timeoutMs, objectFormat } = options;
      const updateRef = new Coprocess(updateRefArgs, { gitDir, env, timeoutMs });
      await moveKept(updateRef, moves, objectFormat);
      await updateRef.close();
    },
  };
}
