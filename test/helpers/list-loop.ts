// A process of its own that lists and beats again and again: `list-loop <clone> <ref> <rounds>`. Bundled by the test.

import { makeCommit } from './commits.ts';
import { openClient } from './git-clients.ts';

const [clone = '', ref = '', rounds = '0'] = process.argv.slice(2);
const transport = openClient(clone);
let from: string | null = null;
for (let round = 0; round < Number(rounds); round++) {
  const made = makeCommit({ parents: from === null ? [] : [from] });
  const { answers, message } = await transport.compareAndSwap([{ ref, from, to: made.oid }], {
    atomic: true,
    objects: [made],
  });
  if (answers.get(ref) !== 'applied') throw new Error(`${answers.get(ref)}: ${message}`);
  from = made.oid;
  const { refs, wentBack } = await transport.list(['refs/board/', 'refs/claims/']);
  if (refs.get(ref) !== from) throw new Error(`the list shows ${refs.get(ref)} instead of ${from}`);
  if (wentBack.size > 0) throw new Error(`went back: ${[...wentBack].join(' ')}`);
}
await transport.close();
