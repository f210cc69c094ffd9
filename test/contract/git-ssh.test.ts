import { test } from 'vitest';
import { whyNot } from '../helpers/servers.ts';
import { onServer } from './git-on-server.ts';
import { transportContract } from './transport-contract.ts';

const noSsh = whyNot('ssh');
if (noSsh === null) transportContract('git, over ssh', () => onServer('ssh', {}));
else {
  console.log(`SKIP git, over ssh: ${noSsh}`);
  test.skip(`git, over ssh: ${noSsh}`, () => {});
}
