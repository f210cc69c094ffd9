import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommitParts, encodeCommit, parseNote } from '../../../src/store/commit-codec.ts';
import { parseCommit } from '../../../src/transport/objects/parse-commit.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coord-codec-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const parts: CommitParts = {
  objectFormat: 'sha1',
  parents: [],
  agent: 'agent-a',
  dateMs: 1_770_000_000_999,
  subject: 'claim: x by agent-a (term 1)',
  note: { v: 1, text: 'ä\n"quoted"' },
};

test('the bytes are a function of what is given', () => {
  expect(encodeCommit(parts).oid).toBe('d88164c3858f7cb108faccfb924cee4bf6377931');
  expect(encodeCommit({ ...parts, dateMs: 1_770_000_000_000 }).oid).toBe(encodeCommit(parts).oid);
  expect(encodeCommit({ ...parts, dateMs: 1_770_000_001_000 }).oid).not.toBe(encodeCommit(parts).oid);
});

test.each(['sha1', 'sha256'] as const)('git makes the same oid of them, and fsck accepts them (%s)', (objectFormat) => {
  const dir = join(folder, objectFormat);
  const git = (args: string[], input?: Buffer): string =>
    execFileSync('git', ['-C', dir, ...args], { input: input ?? '', encoding: 'utf8' }).trim();
  execFileSync('git', ['init', '-q', '--bare', `--object-format=${objectFormat}`, dir]);
  git(['hash-object', '-t', 'tree', '-w', '--stdin']);
  let parents: string[] = [];
  const subjects = ['plain', 'two\nlines\u0000 and \u001b[31mcolour', 'ö'.repeat(300), ''];
  for (const subject of subjects) {
    const { oid, body } = encodeCommit({ ...parts, objectFormat, parents, subject });
    expect(git(['hash-object', '-t', 'commit', '-w', '--stdin'], body)).toBe(oid);
    git(['update-ref', 'refs/board/x', oid]);
    parents = [oid];
  }
  expect(git(['fsck', '--strict', '--no-dangling'])).toBe('');
  expect(git(['rev-list', '--count', 'refs/board/x'])).toBe(String(subjects.length));
  expect(JSON.parse(git(['log', '-1', '--skip=1', '--format=%b', 'refs/board/x']))).toEqual(parts.note);
});

test('what is written can be read, whatever the subject and the note say', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.jsonValue(), (subject, note) => {
      const commit = parseCommit(encodeCommit({ ...parts, parents: ['a'.repeat(40)], subject, note }).body);
      if (!('message' in commit)) throw new Error('not read');
      expect(JSON.stringify(parseNote(commit.message))).toBe(JSON.stringify(note));
      expect(commit.message.split('\n')[0]?.length).toBeLessThanOrEqual(120);
      expect(commit.parents).toEqual(['a'.repeat(40)]);
      expect(commit.committedMs).toBe(1_770_000_000_000);
    }),
  );
});

test.each(['', 'subject', 'subject\n\nno json', 'subject\n{}'])('%j carries no note', (message) => {
  expect(parseNote(message)).toBeUndefined();
});
