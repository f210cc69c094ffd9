import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { fileFolder, memoryFolder } from '../../../src/store/folder.ts';
import { formatHeld, type HeldEntry, heldLedger, parseHeld } from '../../../src/store/held-ledger.ts';
import { jsonLedger } from '../../../src/store/json-ledger.ts';
import { observations, withoutSightings } from '../../../src/store/observations.ts';

const entry: HeldEntry = {
  task: 'x',
  term: 3,
  tenure: 'T3',
  agent: 'agent-a',
  session: 's-a',
  ttlMs: 20_000,
  boot: 'boot-1',
  untilBootMs: 123_450,
  state: {
    claim: { text: 'with = and\nlines' },
    claimOid: 'k',
    claimParent: 't',
    taskOid: 't',
    sentBootMs: 1,
    timeoutMs: 2,
    activeBootMs: 3,
    owner: { pid: 7, start: '1', namespace: 'n' },
  },
};

test('an entry comes back as it was put, and a shell can read it', () => {
  expect(parseHeld(formatHeld(entry))).toEqual(entry);
  expect(formatHeld(entry)).toContain('\nuntil=123.45\n');
  fc.assert(
    fc.property(fc.nat(), fc.jsonValue(), (ms, claim) => {
      const one = { ...entry, untilBootMs: 10 * ms, state: { ...entry.state, claim } };
      expect(parseHeld(formatHeld(one))).toEqual(JSON.parse(JSON.stringify(one)));
    }),
  );
});

const whole = formatHeld(entry);
const damaged: [string, string][] = [
  ['empty', ''],
  ['cut', whole.slice(0, -20)],
  ['without its tenure', whole.replace('tenure=T3\n', '')],
  ['with a term that is none', whole.replace('term=3', 'term=x')],
  ['without an end', whole.replace(/until=.*\n/, '')],
  ['of zeros', '\0'.repeat(200)],
];

test.each(damaged)('a file that is %s is no entry', (_name, text) => {
  expect(parseHeld(text)).toBeNull();
});

test.each(['s a', 's\na=b', ''])('a session %j is not written into lines', (session) => {
  if (session === '') expect(parseHeld(formatHeld({ ...entry, session }))).toBeNull();
  else expect(() => formatHeld({ ...entry, session })).toThrow(/not a plain value/);
});

test('folders: on disk and in memory alike; what is damaged counts as absent', () => {
  const path = mkdtempSync(join(tmpdir(), 'coord-ledger-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  for (const folder of [fileFolder(join(path, 'held')), memoryFolder()]) {
    const held = heldLedger(folder);
    expect(held.all()).toEqual([]);
    held.put(entry);
    held.put({ ...entry, task: 'a' });
    folder.write('broken', 'nonsense');
    expect(held.all().map(({ task }) => task)).toEqual(['a', 'x']);
    held.remove('x');
    held.remove('x');
    expect(held.get('x')).toBeNull();
    const json = jsonLedger<{ n: number }>(folder);
    json.put('j', { n: 1 });
    expect([json.get('j'), json.get('none'), json.get('broken')]).toEqual([{ n: 1 }, null, null]);
  }
  expect(readdirSync(join(path, 'held')).filter((name) => name.endsWith('.new'))).toEqual([]);
});

const gapMs = 3000;
const ref = 'refs/claims/x';

/** Both clocks of an observer that isn't suspended. */
const clock = { nowMs: 0, monoMs: () => clock.nowMs, bootMs: () => clock.nowMs };
const at = (nowMs: number): void => {
  clock.nowMs = nowMs;
};

test('a value stands still only while it is seen at most a gap apart', () => {
  const seen = observations(memoryFolder(), 'boot', clock);
  at(0);
  expect(seen.ageMs(ref, 'k', gapMs)).toBe(0);
  for (const atMs of [1000, 3000, 6000]) {
    at(atMs);
    seen.saw(ref, 'k', gapMs);
  }
  at(7000);
  expect(seen.ageMs(ref, 'k', gapMs)).toBe(6000);
  at(7000);
  expect(seen.ageMs(ref, 'other', gapMs)).toBe(0);
  at(9001);
  expect(seen.ageMs(ref, 'k', gapMs)).toBe(0);
  at(9001);
  seen.saw(ref, 'k', gapMs);
  at(9001);
  expect(seen.ageMs(ref, 'k', gapMs)).toBe(0);
  at(9500);
  seen.saw(ref, 'k2', gapMs);
  at(9600);
  seen.saw(ref, 'k', gapMs);
  at(9700);
  expect(seen.ageMs(ref, 'k', gapMs)).toBe(100);
});

test('the first sighting is kept across processes of one boot, and means nothing in another', () => {
  const folder = memoryFolder();
  const look = (era: string, atMs: number, oid = 'k'): number => {
    const seen = observations(folder, era, clock);
    at(atMs);
    seen.saw(ref, oid, gapMs);
    seen.save();
    at(atMs);
    return seen.ageMs(ref, oid, gapMs);
  };
  expect([look('boot', 1000), look('boot', 3500), look('boot', 6000)]).toEqual([0, 2500, 5000]);
  expect([look('boot', 60_000), look('boot', 61_000)]).toEqual([0, 1000]);
  expect([look('other', 62_000), look('other', 63_000)]).toEqual([0, 1000]);
  expect(look('boot', 64_000)).toBe(0);
  folder.write('observed.json', '{"era": "boot", ');
  expect(look('boot', 65_000)).toBe(0);
});

test('of a task one sighting is enough, however long ago', () => {
  const folder = memoryFolder();
  const first = observations(folder, 'boot', clock);
  at(1000);
  first.saw('refs/board/x', 't', Number.POSITIVE_INFINITY);
  first.save();
  at(1e9);
  expect(observations(folder, 'boot', clock).ageMs('refs/board/x', 't', Number.POSITIVE_INFINITY)).toBe(1e9 - 1000);
});

test('two processes that look keep the longer sighting, and an old one saves nothing over a new value', () => {
  const folder = memoryFolder();
  const [a, b] = [observations(folder, 'boot', clock), observations(folder, 'boot', clock)];
  for (const atMs of [1000, 2000, 3000]) {
    at(atMs);
    a.saw(ref, 'k', gapMs);
  }
  at(2500);
  b.saw(ref, 'k', gapMs);
  a.save();
  b.save();
  at(3000);
  expect(observations(folder, 'boot', clock).ageMs(ref, 'k', gapMs)).toBe(2000);
  const [late, early] = [observations(folder, 'boot', clock), observations(folder, 'boot', clock)];
  at(3100);
  early.saw(ref, 'k', gapMs);
  at(3200);
  late.saw(ref, 'k2', gapMs);
  late.save();
  early.save();
  at(3300);
  expect(observations(folder, 'boot', clock).ageMs(ref, 'k', gapMs)).toBe(0);
});

test('an observer that was suspended has seen nothing meanwhile: beats come round', () => {
  const asleep = { mono: 1000, boot: 1000 };
  const seen = observations(memoryFolder(), 'boot', { monoMs: () => asleep.mono, bootMs: () => asleep.boot });
  seen.saw(ref, 'k', gapMs);
  Object.assign(asleep, { mono: 1500, boot: 60_000 });
  expect(seen.ageMs(ref, 'k', gapMs)).toBe(0);
  seen.saw(ref, 'k', gapMs);
  Object.assign(asleep, { mono: 1700, boot: 60_200 });
  expect(seen.ageMs(ref, 'k', gapMs)).toBe(200);
});

test('what is only shown again is no sighting', () => {
  const folder = memoryFolder();
  at(1000);
  const seen = observations(folder, 'boot', clock);
  seen.saw(ref, 'k', gapMs);
  seen.save();
  at(3500);
  const shown = withoutSightings(observations(folder, 'boot', clock));
  shown.saw(ref, 'k', gapMs);
  shown.save();
  expect(shown.ageMs(ref, 'k', gapMs)).toBe(2500);
  at(5000);
  expect(observations(folder, 'boot', clock).ageMs(ref, 'k', gapMs)).toBe(0);
});

test('a file where a folder belongs is a disk that can not be written, and no defect', () => {
  const place = mkdtempSync(join(tmpdir(), 'coord-folder-'));
  onTestFinished(() => rmSync(place, { recursive: true }));
  writeFileSync(join(place, 'file'), '');
  for (const path of [join(place, 'file'), join(place, 'file', 'below')])
    expect(() => fileFolder(path).write('a', 'x'), path).toThrow(
      expect.objectContaining({ code: 'unavailable', message: expect.stringContaining('a file stands where') }),
    );
});
