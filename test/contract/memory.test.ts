import { createMemoryRemote, type MemoryRemoteOptions } from '../../src/transport/memory.ts';
import { type ContractBook, everythingAllowed, transportContract } from './transport-contract.ts';

function inMemory(options: MemoryRemoteOptions = {}): () => Promise<ContractBook> {
  return async () => {
    const remote = createMemoryRemote(options);
    return {
      transport: remote.connect(),
      second: async () => remote.connect(),
      verifyRef: async (ref) => remote.refs.get(ref) ?? null,
      plant: async (ref, type, body) => remote.plant(ref, type, body),
      close: async () => {},
    };
  };
}

transportContract('memory', inMemory());
transportContract('memory, sha256', inMemory({ objectFormat: 'sha256' }));

const limited = { atomic: false, deletes: false, nonFastForward: false };
transportContract('memory, of a limited server', inMemory(limited), { ...everythingAllowed, ...limited });
