import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Claimant } from '../../../../src/hooks/tool/claimant.ts';
import { renewLater } from '../../../../src/hooks/tool/renew-later.ts';
import { repositoryAt } from '../../../../src/hooks/tool/repository-at.ts';
import { makeScratch, type Scratch } from '../../../helpers/repo.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

const as = { agent: 'a', session: 's' };

test.each([
  ['which is still at work', () => process.pid, 1],
  ['which has ended', () => spawnSync('true').pid, 3],
  ['which could not begin', () => null, 3],
])('of three steps with one renewal %s', async (_, pidOf, begun) => {
  const clone = { coordDir: join(scratch.dir, 'coord') } as Claimant['clone'];
  // of a git folder
  writeFileSync(join(scratch.dir, 'HEAD'), '');
  const pid = pidOf();
  const renewed: string[] = [];
  const later = (_as: typeof as, args: readonly string[]) => {
    renewed.push(args.join(' '));
    return pid;
  };
  for (let step = 0; step < 3; step++) renewLater({ later }, { clone }, as, 'api');
  expect(renewed).toEqual(Array(begun).fill('renew api --quiet'));
  renewLater({ later }, { clone }, as, 'other');
  expect(renewed.at(-1)).toBe('renew other --quiet');
});

test('a path that no system takes lies nowhere, and takes no time', () => {
  expect(repositoryAt(`${scratch.dir}/${'x/'.repeat(200_000)}y`)).toBe(null);
});
