import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runGit } from '../../../src/transport/git-process.ts';
import { objectId } from '../../../src/transport/objects/object-id.ts';
import { packObjects } from '../../../src/transport/objects/pack.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coord-pack-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function git(args: readonly string[], input?: string | Buffer): Promise<Buffer> {
  const { status, stdout, stderr } = await runGit(args, { cwd: dir, env: process.env, timeoutMs: 20_000, input });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout;
}
const text = async (...words: Parameters<typeof git>) => (await git(...words)).toString('utf8').trim();

test.each(['sha1', 'sha256'] as const)('a pack of ours takes in one of git with its deltas (%s)', async (format) => {
  await git(['init', '--quiet', `--object-format=${format}`, '.']);
  const commits: string[] = [];
  for (const end of ['a', 'b', 'c']) {
    const blob = await text(['hash-object', '-w', '--stdin'], `${'a line that is long enough\n'.repeat(500)}${end}\n`);
    const tree = await text(['mktree'], `100644 blob ${blob}\tfile\n`);
    const parents = commits.slice(-1).flatMap((oid) => ['-p', oid]);
    commits.push(await text(['commit-tree', tree, ...parents, '-m', end]));
  }
  const [first = '', , last = ''] = commits;
  const theirs = await git(['pack-objects', '--quiet', '--revs', '--stdout', '--delta-base-offset'], `${last}\n`);
  const body = Buffer.from(
    `tree ${await text(['mktree'], '')}\nauthor a <a@b> 1 +0000\ncommitter a <a@b> 1 +0000\n\nx\n`,
  );
  const own = objectId(format, 'commit', body);
  await git(['init', '--quiet', '--bare', `--object-format=${format}`, 'other.git']);
  await git(
    ['-C', 'other.git', 'index-pack', '--strict', '--stdin'],
    packObjects(format, [{ oid: own, body }], theirs),
  );
  for (const oid of [own, first, last]) expect(await text(['-C', 'other.git', 'cat-file', '-t', oid])).toBe('commit');
});
