import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/config/durations.ts';
import { hostOf, isPushLimited } from '../../../src/config/hosts.ts';
import { defaultConfig } from '../../../src/config/load.ts';
import { nearest } from '../../../src/config/nearest.ts';
import { leaseTimings, resolveTimings } from '../../../src/config/timings.ts';

test.each([
  ['90s', 90_000],
  ['25m', 1_500_000],
  ['1h30m', 5_400_000],
  ['7d', 604_800_000],
  ['500ms', 500],
  ['1.5h', 5_400_000],
  ['0s', 0],
])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(['', '90', 's', '1m1h', '-5s', '5 s', '1e3s', '5S', `${'9'.repeat(30)}d`, 'auto'])(
  '%j is no duration',
  (text) => expect(parseDuration(text)).toBeNull(),
);

test('a duration is read back as it was written', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 1e11 }), (ms) => parseDuration(formatDuration(ms)) === ms));
});

test.each([
  ['git@github.com:team/project.git', 'github.com', 6],
  ['https://user:token@GitHub.com/team/project', 'github.com', 6],
  ['ssh://git@ssh.github.com:443/team/project.git', 'ssh.github.com', 6],
  ['git+ssh://git@github.com/team/project.git', 'github.com', 6],
  ['git@gitlab.com:team/project.git', 'gitlab.com', 600],
  ['https://gitlab.com/team/project.git', 'gitlab.com', null],
  ['https://github.com.evil.org/team/project', 'github.com.evil.org', null],
  ['https://github.com@evil.org/team/project', 'evil.org', null],
  ['https://evil.org/github.com/project', 'evil.org', null],
  ['git@evil.org:github.com/project', 'evil.org', null],
  ['https://notgithub.com/x', 'notgithub.com', null],
  ['https://gist.github.com/x', 'gist.github.com', null],
  ['git@github.example.com:x/y', 'github.example.com', null],
  ['ssh://git@[::1]:22/x', '::1', null],
  ['[::1]:x', '::1', null],
  ['/srv/github.com/project.git', null, null],
  ['../github.com:x/y', null, null],
  ['file:///srv/project.git', null, null],
  ['C:/projects/x', null, null],
  ['bitbucket.org:team/x', 'bitbucket.org', null],
] as const)('%s is on %s with %s pushes a minute', (url, name, pushesPerMinute) => {
  expect(hostOf(url)).toMatchObject({ name, pushesPerMinute });
});

test('what is known of a host, and no more', () => {
  expect(hostOf('https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/x').atomic).toBe(false);
  expect(hostOf('codecommit::eu-west-1://x').atomic).toBe(false);
  expect(hostOf('https://git.example.org/x')).toEqual({
    name: 'git.example.org',
    pushesPerMinute: null,
    atomic: null,
    deletes: null,
  });
  expect(isPushLimited(hostOf('git@github.com:a/b'))).toBe(true);
  expect(isPushLimited(hostOf('git@gitlab.com:a/b'))).toBe(false);
});

const coordination = defaultConfig().coordination;

test('auto durations follow from the host and the daemon', () => {
  const github = hostOf('git@github.com:a/b');
  expect(resolveTimings(coordination, { host: null, daemon: true })).toEqual({
    ttlMs: 20_000,
    heartbeatIntervalMs: 6667,
    marginMs: 2000,
    graceMs: 800,
    pollIntervalMs: 2000,
  });
  expect(resolveTimings(coordination, { host: github, daemon: true })).toMatchObject({
    ttlMs: 300_000,
    pollIntervalMs: 30_000,
  });
  expect(resolveTimings(coordination, { host: github, daemon: false })).toMatchObject({ ttlMs: 1_800_000 });
  expect(resolveTimings({ ...coordination, claimTtlMs: 8000 }, { host: github, daemon: false })).toMatchObject({
    ttlMs: 8000,
    graceMs: 500,
  });
});

test('an interval that does not fit an automatic ttl is refused; for a ttl of its own it is fitted', () => {
  const slow = { ...coordination, heartbeatIntervalMs: 20_000 };
  expect(() => resolveTimings(slow, { host: null, daemon: true })).toThrow(/must lie between 2s500ms and 6s667ms/);
  expect(resolveTimings(slow, { host: null, daemon: false }).ttlMs).toBe(1_800_000);
  expect(leaseTimings(1000, 20_000).heartbeatIntervalMs).toBe(333);
});

test.each([
  ['cliam', 'claim'],
  ['lst', 'list'],
  ['stat', 'status'],
  ['xyzzy', null],
])('%s means %s', (word, meant) => expect(nearest(word, ['claim', 'list', 'status', 'done'])).toBe(meant));
