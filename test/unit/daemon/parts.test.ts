import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Backoff } from '../../../src/daemon/due.ts';
import { HeldWatch } from '../../../src/daemon/held-watch.ts';
import { openLog } from '../../../src/daemon/log.ts';
import { ensureSocketFolder, socketPlace } from '../../../src/daemon/socket-place.ts';
import { daemonEnvironment, lentBy, withLent } from '../../../src/daemon-link/environment.ts';
import { ownIdentity, stateOf } from '../../../src/daemon-link/process-identity.ts';
import { fileFolder } from '../../../src/store/folder.ts';
import { type HeldEntry, heldLedger } from '../../../src/store/held-ledger.ts';

let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'cd-')));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('a daemon is started without what locates a repository or says who acts', () => {
  const env = { GIT_DIR: 'x', GIT_INDEX_FILE: 'x', COORD_AGENT: 'a', COORD_SESSION: 's', NODE_OPTIONS: '--inspect' };
  const kept = { PATH: '/bin', SSH_AUTH_SOCK: '/s', GIT_SSH_COMMAND: 'ssh -v', COORD_CLAIM_TTL: '9s' };
  expect(daemonEnvironment({ ...env, ...kept })).toEqual(kept);
});

test('a command lends what git needs to get in, and nothing else', () => {
  const lent = { SSH_AUTH_SOCK: '/s', GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'k', GIT_CONFIG_VALUE_0: 'v' };
  expect(lentBy({ ...lent, PATH: '/bin', GIT_DIR: 'x', DISPLAY: '', SECRET: 'x' })).toEqual(lent);
  expect(lentBy({ GIT_ASKPASS: 'x'.repeat(40_000), DISPLAY: ':0' })).toEqual({});
});

test('what is lent replaces, what is not there stays, lists are replaced as a whole', () => {
  const env = { SSH_AUTH_SOCK: '/1', DISPLAY: ':0', GIT_CONFIG_COUNT: '2', GIT_CONFIG_KEY_1: 'k', PATH: '/bin' };
  expect(withLent(env, { SSH_AUTH_SOCK: '/1', PATH: '/other' })).toBeNull();
  expect(withLent(env, { SSH_AUTH_SOCK: '/2', PATH: '/other' })).toEqual({ ...env, SSH_AUTH_SOCK: '/2' });
  const { GIT_CONFIG_KEY_1, ...rest } = env;
  expect(withLent(env, { GIT_CONFIG_COUNT: '0' })).toEqual({ ...rest, GIT_CONFIG_COUNT: '0' });
});

test('a process is known by more than its pid', () => {
  const own = ownIdentity();
  expect(stateOf(own)).toBe('alive');
  expect(stateOf({ ...own, boot: 'another' })).toBe('gone');
  if (own.start !== '-') expect(stateOf({ ...own, start: '1' })).toBe('gone');
  expect(stateOf({ ...own, namespace: 'another' })).toBe('unknown');
});

test('where a daemon listens: in coord, or where that is too long in a folder of its own', () => {
  expect(socketPlace('/c', dir)).toBe('/c/daemon.sock');
  // to the byte, not to the character
  expect(socketPlace(`/${'c'.repeat(90)}`, dir).startsWith('/c')).toBe(true);
  expect(socketPlace(`/${'c'.repeat(91)}`, dir).startsWith(dir)).toBe(true);
  const long = `/${'ö'.repeat(50)}`;
  const place = socketPlace(long, dir);
  expect(statSync(dirname(place)).mode & 0o777).toBe(0o700);
  expect(socketPlace(long, dir)).toBe(place);
  rmSync(dirname(place), { recursive: true });
  ensureSocketFolder(long, place);
  expect(statSync(dirname(place)).mode & 0o777).toBe(0o700);
});

test.each(['open to others', 'a link'])('a folder in the temporary one that is %s is not used', (what) => {
  const coordDir = `/${'c'.repeat(120)}`;
  const folder = dirname(socketPlace(coordDir, dir));
  if (what === 'a link') {
    rmSync(folder, { recursive: true });
    mkdirSync(join(dir, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(dir, 'elsewhere'), folder);
  } else chmodSync(folder, 0o777);
  expect(dirname(socketPlace(coordDir, dir))).not.toBe(folder);
  expect(() => ensureSocketFolder(coordDir, join(folder, 'daemon.sock'))).toThrow();
});

test('the log: levels, one line each, nothing that a terminal would obey, bounded', () => {
  const shown: string[] = [];
  const log = openLog({ coordDir: dir, wall: () => 'T', show: (line) => shown.push(line), bytesMax: 60 });
  log.debug('not this');
  log.info('a\nb\x1b[31mc');
  expect(shown).toEqual(['T info  a b [31mc\n']);
  for (let count = 0; count < 20; count++) log.warn('x'.repeat(40));
  const path = join(dir, 'daemon.log');
  expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThan(60 * 2 + 2 * 60);
  rmSync(dir, { recursive: true });
  log.error('nowhere');
  expect(shown).toHaveLength(22);
});

test('the log as JSON: a document a line, of the level that the configuration says, also when that changes', () => {
  const shown: string[] = [];
  const log = openLog({ coordDir: dir, wall: () => 'T', show: (line) => shown.push(line) });
  log.follow({ logLevel: 'warn', logFormat: 'json' });
  log.info('not this');
  log.error('a "b"\n\x1b[31mc \u202ed');
  log.follow({ logLevel: 'debug', logFormat: 'text' });
  log.debug('plain');
  const msg = 'a "b" [31mc  d';
  expect(JSON.parse(shown[0] ?? '')).toEqual({ time: 'T', level: 'error', pid: process.pid, msg });
  expect(shown.slice(1)).toEqual(['T debug plain\n']);
  expect(readFileSync(join(dir, 'daemon.log'), 'utf8')).toBe(shown.join(''));
});

test('what is held: changes are seen, unchanged files are not read again, lost ones and other boots left out', () => {
  const ledger = heldLedger(fileFolder(join(dir, 'held')));
  let reads = 0;
  const get = (task: string) => {
    reads++;
    return ledger.get(task);
  };
  const counted = { ...ledger, get };
  const watch = new HeldWatch(dir);
  const look = () => watch.look(counted, 'boot').map(({ task }) => task);
  expect(look()).toEqual([]);
  ledger.put(held('a', 'boot'));
  ledger.put(held('b', 'earlier'));
  expect(look()).toEqual(['a']);
  expect(look()).toEqual(['a']);
  expect(reads).toBe(2);
  ledger.put(held('b', 'boot'));
  expect(look()).toEqual(['a', 'b']);
  ledger.put({ ...held('a', 'boot'), state: { ...held('a', 'boot').state, lost: true } });
  expect(look()).toEqual(['b']);
  ledger.remove('b');
  expect(look()).toEqual([]);
});

test('what fails is tried again later and later, up to a limit', () => {
  const backoff = new Backoff();
  const waits = [1, 2, 3, 4].map(() => {
    backoff.failed(1000, 500, 1500);
    return backoff.untilMs - 1000;
  });
  expect(waits).toEqual([500, 1000, 1500, 1500]);
  backoff.succeeded();
  expect(backoff.untilMs).toBe(0);
});

function held(task: string, boot: string): HeldEntry {
  const state = { claim: {}, claimOid: 'o', claimParent: 'p', taskOid: 't', sentBootMs: 0, timeoutMs: 0 };
  const entry = { task, term: 1, tenure: 'x', agent: 'a', session: 's', ttlMs: 1000, boot, untilBootMs: 1 };
  return { ...entry, state: { ...state, activeBootMs: 0, owner: null } };
}
