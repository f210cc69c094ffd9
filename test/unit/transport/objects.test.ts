import { readdirSync, statSync } from 'node:fs';
import { chmod, mkdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { emptyTreeOid, objectId } from '../../../src/transport/objects/object-id.ts';
import { parseCommit } from '../../../src/transport/objects/parse-commit.ts';
import { loosePath, readLooseCommit } from '../../../src/transport/objects/read-loose.ts';
import { writeLooseObjects } from '../../../src/transport/objects/write-loose.ts';
import { makeCommit } from '../../helpers/commits.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../../helpers/repo.ts';
import { mountSmallDisk } from '../../helpers/small-disk.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
});
afterEach(() => scratch.remove());

describe.each(['sha1', 'sha256'] as const)('objects in %s', (format) => {
  test('have the ids and bytes that git gives them', async () => {
    const cwd = await makeBareRepo(join(scratch.dir, 'r.git'), format);
    const parent = makeCommit({ objectFormat: format });
    const child = makeCommit({ objectFormat: format, parents: [parent.oid], message: 'zweiter ü' });
    await writeLooseObjects(join(cwd, 'objects'), format, [parent, child]);
    expect(await git(['cat-file', 'commit', child.oid], { cwd })).toBe(child.body.toString('utf8').trimEnd());
    expect(await git(['hash-object', '-t', 'tree', '/dev/null'], { cwd })).toBe(emptyTreeOid(format));
    await git(['update-ref', 'refs/claims/a', child.oid], { cwd });
    expect(await git(['fsck', '--strict', '--full', '--no-dangling'], { cwd })).toBe('');
    expect(await git(['count-objects'], { cwd })).toMatch(/^3 objects/);
  });
});

describe('writeLooseObjects', () => {
  const commit = makeCommit();
  const fanOut = () => join(scratch.dir, commit.oid.slice(0, 2));
  const path = () => join(fanOut(), commit.oid.slice(2));
  const write = () => writeLooseObjects(scratch.dir, 'sha1', [commit]);

  test('leaves files that nobody can write to, and nothing beside them', async () => {
    await write();
    expect(statSync(path()).mode & 0o777).toBe(0o444);
    // the empty tree may have the same folder
    const others = readdirSync(fanOut()).filter((name) => !/^[0-9a-f]{38}$/.test(name));
    expect(others).toEqual([]);
  });

  test('only dates an object that is there, so that gc keeps it', async () => {
    await write();
    const { ino } = statSync(path());
    await utimes(path(), new Date(0), new Date(0));
    await write();
    expect(statSync(path()).ino).toBe(ino);
    expect(statSync(path()).mtimeMs).toBeGreaterThan(1e12);
  });

  test('writes an object again that a power cut left empty', async () => {
    await write();
    const { size } = statSync(path());
    await chmod(path(), 0o644);
    await truncate(path(), 0);
    await write();
    expect(statSync(path()).size).toBe(size);
  });

  test('gives new folders the rights of the object folder', async () => {
    await chmod(scratch.dir, 0o2775);
    await write();
    expect(statSync(fanOut()).mode & 0o7777).toBe(0o2775);
  });

  test('stands several writers and folders that vanish', async () => {
    const commits = Array.from({ length: 20 }, () => makeCommit());
    const writers = Array.from({ length: 4 }, () => writeLooseObjects(scratch.dir, 'sha1', commits));
    await Promise.all(writers);
    await rm(fanOut(), { recursive: true, force: true });
    await write();
    expect(statSync(path()).size).toBeGreaterThan(0);
  });

  test('refuses a commit of another name', async () => {
    const wrong = { oid: 'f'.repeat(40), body: commit.body };
    await expect(writeLooseObjects(scratch.dir, 'sha1', [wrong])).rejects.toMatchObject({ code: 'internal' });
  });

  test('says that the disk is full, or read-only, and leaves no half object', async ({ skip }) => {
    const dir = join(scratch.dir, 'small');
    const disk = mountSmallDisk(dir);
    if (disk === null) {
      console.log('SKIP full disk: no right to mount');
      return skip();
    }
    try {
      const objects = join(dir, 'objects');
      await mkdir(objects);
      await writeFile(join(dir, 'fill'), Buffer.alloc(2 * 1024 * 1024)).catch(() => {});
      const full = { code: 'unavailable', message: expect.stringContaining('disk full') };
      await expect(writeLooseObjects(objects, 'sha1', [commit])).rejects.toMatchObject(full);
      const left = readdirSync(objects, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      expect(left).toEqual([]);
      await rm(join(dir, 'fill'));
      disk.remountReadOnly();
      const readOnly = { code: 'unavailable', message: expect.stringContaining('read-only') };
      await expect(writeLooseObjects(objects, 'sha1', [commit])).rejects.toMatchObject(readOnly);
    } finally {
      disk.unmount();
    }
  });
});

describe('readLooseCommit', () => {
  const folder = () => join(scratch.dir, 'objects');
  const lie = async (bytes: Buffer) => {
    const oid = 'd'.repeat(40);
    await mkdir(dirname(loosePath(folder(), oid)), { recursive: true });
    await writeFile(loosePath(folder(), oid), bytes);
    return readLooseCommit(folder(), oid);
  };

  test('gives the body', async () => {
    expect(await lie(deflateSync('commit 4\0body'))).toEqual(Buffer.from('body'));
  });

  test.each([
    ['is damaged', Buffer.from('no zlib')],
    ['is empty', Buffer.alloc(0)],
    ['is cut off', deflateSync('commit 5\0body')],
    ['is no commit', deflateSync('blob 4\0body')],
    ['is huge', deflateSync(Buffer.concat([Buffer.from('commit 9000000\0'), Buffer.alloc(9_000_000)]))],
  ])('leaves to git what %s', async (_what, bytes) => {
    expect(await lie(bytes)).toBeNull();
  });
});

describe('parseCommit', () => {
  const tree = `tree ${emptyTreeOid('sha1')}\n`;
  const committer = 'committer a <a@b> 12 +0000\n';
  const parse = (text: string) => parseCommit(Buffer.from(text, 'latin1'));

  test('passes over signatures and headers that it does not know', () => {
    const parent = 'a'.repeat(40);
    const signature = 'gpgsig -----BEGIN\n parent not-one\n \n -----END\n';
    const text = `${tree}parent ${parent}\nauthor a <a@b> 1 +0000\n${committer}${signature}x-y z\n\nsubject\n\nbody\n`;
    expect(parse(text)).toEqual({
      tree: emptyTreeOid('sha1'),
      parents: [parent],
      committedMs: 12_000,
      message: 'subject\n\nbody\n',
    });
  });

  test('stands broken dates, bytes that are no UTF-8, and no message', () => {
    expect(parse(`${tree}committer a <a@b> soon\n\n\xff\xfe`)).toEqual({
      tree: emptyTreeOid('sha1'),
      parents: [],
      committedMs: 0,
      message: '��',
    });
    expect(parse(`${tree}${committer}`)).toEqual({
      tree: emptyTreeOid('sha1'),
      parents: [],
      committedMs: 12_000,
      message: '',
    });
  });

  test('says what is no commit, and what is too large', () => {
    for (const text of ['', 'hello', committer, tree, `tree x\n${committer}`, `${tree}parent x\n${committer}`]) {
      expect(parse(text)).toEqual({ unreadable: 'not-a-commit' });
    }
    expect(parse(`${tree}${committer}\n${'x'.repeat(270_000)}`)).toEqual({ unreadable: 'oversized' });
  });

  test('never throws', () => {
    const line = fc.constantFrom('tree ', 'parent ', 'committer ', '\n', '\n\n', ' ', 'a'.repeat(40), '> 1 +0000');
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string())), (parts) => {
        parseCommit(Buffer.from(parts.join('')));
      }),
    );
  });

  test('hashes as git does', () => {
    expect(objectId('sha1', 'blob', Buffer.from('hello\n'))).toBe('ce013625030ba8dba906f756967f9e9ca394464a');
    expect(emptyTreeOid('sha1')).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
  });
});
