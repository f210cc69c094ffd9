import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLocalTransport } from '../../../src/transport/local/local-transport.ts';
import type { NewCommit, Oid, Transport } from '../../../src/transport/port.ts';
import { makeCommit } from '../../helpers/commits.ts';
import { commitAll, git, makeScratch, type Scratch } from '../../helpers/repo.ts';
import { mountSmallDisk } from '../../helpers/small-disk.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const claim = 'refs/claims/a';
let scratch: Scratch;
let clone: string;
let gitDir: string;
let transports: Transport[];

function open(options: { gitDir?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number } = {}): Transport {
  const { env = process.env, timeoutMs = 30_000 } = options;
  const transport = createLocalTransport({ gitDir: options.gitDir ?? gitDir, objectFormat: 'sha1', env, timeoutMs });
  transports.push(transport);
  return transport;
}

async function move(transport: Transport, from: Oid | null, made: NewCommit | null, ref = claim) {
  const objects = made === null ? [] : [made];
  const report = await transport.compareAndSwap([{ ref, from, to: made?.oid ?? null }], { atomic: true, objects });
  return { ...report, answer: report.answers.get(ref) };
}

beforeEach(async () => {
  transports = [];
  scratch = await makeScratch();
  clone = join(scratch.dir, 'clone');
  gitDir = join(clone, '.git');
  await git(['init', '--quiet', clone], { cwd: scratch.dir });
});

afterEach(async () => {
  await Promise.all(transports.map((transport) => transport.close()));
  await scratch.remove();
});

describe('locks of other writers', () => {
  test('that stay are a conflict, named', async () => {
    const transport = open();
    const first = makeCommit();
    await move(transport, null, first);
    const lock = join(gitDir, `${claim}.lock`);
    await writeFile(lock, '');
    const { answer, locks } = await move(transport, first.oid, makeCommit());
    expect({ answer, locks }).toEqual({ answer: 'conflict', locks: [lock] });
    await rm(lock);
    expect((await move(transport, first.oid, makeCommit())).answer).toBe('applied');
  });

  test('of packed refs too, where something is deleted', async () => {
    const transport = open();
    const first = makeCommit();
    await move(transport, null, first);
    await git(['pack-refs', '--all'], { cwd: clone });
    const lock = join(gitDir, 'packed-refs.lock');
    await writeFile(lock, '');
    const { answer, locks } = await move(transport, first.oid, null);
    expect({ answer, locks }).toEqual({ answer: 'conflict', locks: [lock] });
  });

  test('that go soon are waited for', async () => {
    const transport = open();
    const first = makeCommit();
    await move(transport, null, first);
    const lock = join(gitDir, `${claim}.lock`);
    await writeFile(lock, '');
    setTimeout(() => rm(lock), 300);
    expect((await move(transport, first.oid, makeCommit())).answer).toBe('applied');
  });
});

describe('a transaction without an answer', () => {
  test('is unknown when git was killed, and the next one has an answer of its own (trap 11)', async () => {
    const transport = open();
    const first = makeCommit();
    await move(transport, null, first);
    const lock = join(gitDir, `${claim}.lock`);
    await writeFile(lock, '');
    const pid = childRunning('update-ref') ?? '';
    const bytesBefore = bytesRead(pid);
    const attempt = move(transport, first.oid, makeCommit());
    await waitFor(() => bytesRead(pid) > bytesBefore, { what: 'git has the request, and waits for the lock' });
    process.kill(Number(pid), 'SIGKILL');
    expect((await attempt).answer).toBe('unknown');
    await rm(lock);
    expect((await move(transport, first.oid, makeCommit())).answer).toBe('applied');
  });

  test('is unknown at the time limit', async () => {
    const first = makeCommit();
    await move(open(), null, first);
    await writeFile(join(gitDir, `${claim}.lock`), '');
    expect((await move(open({ timeoutMs: 300 }), first.oid, makeCommit())).answer).toBe('unknown');
  });

  test('after one that failed is not taken for applied', async () => {
    const transport = open();
    const first = makeCommit();
    await move(transport, null, first);
    const attempts = [null, first.oid, null, null].map((from) => move(transport, from, makeCommit()));
    const answers = (await Promise.all(attempts)).map(({ answer }) => answer);
    expect(answers).toEqual(['conflict', 'applied', 'conflict', 'conflict']);
  });
});

describe('the configuration of the user', () => {
  test('does not get in the way: no hook runs, no reflog is kept', async () => {
    const hook = join(gitDir, 'hooks', 'reference-transaction');
    await mkdir(join(gitDir, 'hooks'), { recursive: true });
    await writeFile(hook, '#!/bin/sh\nexit 1\n');
    await chmod(hook, 0o755);
    await git(['config', 'core.logAllRefUpdates', 'always'], { cwd: clone });
    expect((await move(open(), null, makeCommit())).answer).toBe('applied');
    expect(existsSync(join(gitDir, 'logs', claim))).toBe(false);
  });

  test('and the environment of a hook is not followed', async () => {
    const other = join(scratch.dir, 'other');
    await git(['init', '--quiet', other], { cwd: scratch.dir });
    const env = {
      ...process.env,
      GIT_DIR: join(other, '.git'),
      GIT_OBJECT_DIRECTORY: join(other, '.git/objects'),
      GIT_QUARANTINE_PATH: other,
    };
    const transport = open({ env });
    const made = makeCommit();
    expect((await move(transport, null, made)).answer).toBe('applied');
    expect(await git(['rev-parse', claim], { cwd: clone })).toBe(made.oid);
    expect((await transport.list(['refs/claims/'])).refs.size).toBe(1);
  });

  test('linked worktrees with a configuration of their own share the book', async () => {
    await commitAll(clone, 'one');
    await git(['config', 'extensions.worktreeConfig', 'true'], { cwd: clone });
    const linked = join(scratch.dir, 'linked');
    await git(['worktree', 'add', '--quiet', linked], { cwd: clone });
    await git(['config', '--worktree', 'core.sparseCheckout', 'true'], { cwd: linked });
    const made = makeCommit();
    expect((await move(open(), null, made)).answer).toBe('applied');
    expect(await git(['rev-parse', claim], { cwd: linked })).toBe(made.oid);
  });

  test('a replacement of an object is not read for it', async () => {
    const transport = open();
    const [made, other] = [makeCommit({ message: 'true' }), makeCommit({ message: 'false' })];
    await move(transport, null, made);
    await move(transport, null, other, 'refs/claims/b');
    await git(['replace', made.oid, other.oid], { cwd: clone });
    expect((await transport.read([made.oid])).get(made.oid)).toHaveProperty('message', expect.stringMatching(/^true/));
  });
});

test('a symbolic ref is not followed when it moves', async () => {
  const transport = open();
  const made = makeCommit();
  await move(transport, null, made, 'refs/heads/main');
  await git(['symbolic-ref', claim, 'refs/heads/main'], { cwd: clone });
  await move(transport, made.oid, makeCommit({ parents: [made.oid] }));
  expect(await git(['rev-parse', 'refs/heads/main'], { cwd: clone })).toBe(made.oid);
});

test('packed refs, and gc in between, are read anew at each request', async () => {
  const transport = open();
  let from = makeCommit();
  await move(transport, null, from);
  for (let round = 0; round < 3; round++) {
    await git(round === 1 ? ['gc', '--quiet', '--prune=now'] : ['pack-refs', '--all'], { cwd: clone });
    const next = makeCommit({ parents: [from.oid] });
    expect((await move(transport, from.oid, next)).answer).toBe('applied');
    expect((await transport.list([claim])).refs.get(claim)).toBe(next.oid);
    expect((await transport.read([from.oid])).get(from.oid)).toHaveProperty('message');
    from = next;
  }
});

describe('breakage', () => {
  test('a read that fails is never an empty list (trap 30)', async () => {
    const broken = { code: 'unavailable' };
    const gone = open({ gitDir: join(scratch.dir, 'gone') });
    await expect(gone.list(['refs/claims/'])).rejects.toMatchObject(broken);
    await expect(gone.list([claim])).rejects.toMatchObject(broken);
    const noRepository = open({ gitDir: scratch.dir });
    await expect(noRepository.list(['refs/claims/'])).rejects.toMatchObject(broken);
    await expect(noRepository.list([claim])).rejects.toMatchObject(broken);
    await expect(noRepository.read(['a'.repeat(40)])).rejects.toMatchObject(broken);
  });

  test('without git nothing is sent', async () => {
    const transport = open({ env: { PATH: scratch.dir } });
    const { answer, message } = await move(transport, null, makeCommit());
    expect({ answer, message }).toEqual({ answer: 'unsent', message: 'git was not found on the PATH' });
    await expect(transport.list([claim])).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('a value that git lacks is refused, with its words', async () => {
    const update = { ref: claim, from: null, to: 'a'.repeat(40) };
    const { answers, message } = await open().compareAndSwap([update], { atomic: true, objects: [] });
    expect(answers.get(claim)).toBe('refused');
    expect(message).toContain('nonexistent object');
  });

  test('a full and a read-only disk are refused, with the words, and nothing moves', async ({ skip }) => {
    const dir = join(scratch.dir, 'small');
    const disk = mountSmallDisk(dir);
    if (disk === null) {
      console.log('SKIP full disk: no right to mount');
      return skip();
    }
    try {
      await git(['init', '--quiet', '--template=', dir], { cwd: scratch.dir });
      const transport = open({ gitDir: join(dir, '.git') });
      const [first, next] = [makeCommit(), makeCommit()];
      await move(transport, null, first);
      await move(transport, null, next, 'refs/claims/b');
      await writeFile(join(dir, 'fill'), Buffer.alloc(2 * 1024 * 1024)).catch(() => {});
      const noObject = await move(transport, first.oid, makeCommit());
      expect(noObject).toMatchObject({ answer: 'refused', message: expect.stringContaining('disk full') });
      const update = { ref: claim, from: first.oid, to: next.oid };
      const noRef = await transport.compareAndSwap([update], { atomic: true, objects: [] });
      expect([noRef.answers.get(claim), noRef.message]).toEqual(['refused', expect.stringMatching(/write|space/)]);
      await rm(join(dir, 'fill'));
      disk.remountReadOnly();
      expect((await transport.compareAndSwap([update], { atomic: true, objects: [] })).answers.get(claim)).toBe(
        'refused',
      );
      expect((await transport.list([claim])).refs.get(claim)).toBe(first.oid);
    } finally {
      disk.unmount();
    }
  });
});

describe('child processes', () => {
  test('end with close, and there are none before the first request', async () => {
    const transport = open();
    expect(childRunning('cat-file') ?? childRunning('update-ref')).toBeUndefined();
    await move(transport, null, makeCommit());
    await transport.list([claim]);
    expect([childRunning('cat-file'), childRunning('update-ref')]).not.toContain(undefined);
    await transport.close();
    expect(childRunning('cat-file') ?? childRunning('update-ref')).toBeUndefined();
    await expect(transport.list([claim])).rejects.toMatchObject({ code: 'internal' });
  });

  test('do not keep a program alive that forgets to close', async () => {
    const entry = new URL('../../../src/transport/local/local-transport.ts', import.meta.url).pathname;
    const outfile = join(scratch.dir, 'bundle.mjs');
    await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
    const program = `
      import { createLocalTransport } from ${JSON.stringify(outfile)};
      const gitDir = ${JSON.stringify(gitDir)};
      const transport = createLocalTransport({ gitDir, objectFormat: 'sha1', env: process.env, timeoutMs: 60_000 });
      console.log((await transport.list(['refs/claims/a'])).refs.size);
      const update = { ref: 'refs/claims/a', from: null, to: 'a'.repeat(40) };
      console.log((await transport.compareAndSwap([update], { atomic: true, objects: [] })).answers.get('refs/claims/a'));
      console.log((await transport.list(['refs/claims/a'])).refs.size);
    `;
    const args = ['--input-type=module', '--eval', program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 });
    expect(stdout).toBe('0\nrefused\n0\n');
  });
});

/** The pid of a child of this process that runs this git command on this clone. */
function childRunning(command: string): string | undefined {
  const tasks = readdirSync('/proc/self/task');
  const children = tasks.flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, 'utf8').trim().split(' '));
  return children.find((pid) => {
    const path = `/proc/${pid}/cmdline`;
    const line = pid !== '' && existsSync(path) ? readFileSync(path, 'utf8') : '';
    return line.includes(gitDir) && line.includes(command);
  });
}

function bytesRead(pid: string): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}
