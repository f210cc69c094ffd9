import { expect, test } from 'vitest';
import { likelyTarget } from '../../../src/worker/target-name.ts';

const follows = (name: string, merge = `refs/heads/${name}`, remote = 'origin'): [string, string[]][] => [
  [`branch.${name}.remote`, [remote]],
  [`branch.${name}.merge`, [merge]],
];

test.each<[string, [string, string[]][], string | null]>([
  ['as a clone has it', follows('main'), 'refs/heads/main'],
  ['with a slash and a dot', follows('release/1.x'), 'refs/heads/release/1.x'],
  ['several', [...follows('main'), ...follows('next')], null],
  [
    'beside one that follows another branch',
    [...follows('main'), ...follows('mine', 'refs/heads/main')],
    'refs/heads/main',
  ],
  ['of another remote', follows('main', undefined, 'fork'), null],
  ['none', [], null],
])('the likely target: %s', (_what, config, target) => {
  expect(likelyTarget(new Map(config), 'origin')).toBe(target);
});
