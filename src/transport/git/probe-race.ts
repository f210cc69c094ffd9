/**
 * A request with a stale old value, which `git push` doesn't send by itself: its own lease check fires first. So it is
 * overtaken. Its pre-push hook runs after git has read the remote's refs and before it sends anything, and there another
 * push moves the ref; what git then sends expects a value that has gone (protocol 5).
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Oid, RefUpdate } from '../port.ts';
import { type PushReading, parsePush } from './parse-push.ts';
import type { RemoteGit } from './remote-git.ts';

const flags = ['--porcelain', '--no-signed', '--no-follow-tags', '--no-progress', '--no-thin'];
const bookFlags = [...flags, '--recurse-submodules=no', '--no-force-if-includes'];

export interface RaceRequest {
  readonly store: string;
  readonly remote: string;
  /** An empty folder's path; made and removed. Programs must be allowed to run there. */
  readonly folder: string;
  /** The request that shall come too late. Its first update is the stale one. */
  readonly late: readonly RefUpdate[];
  readonly atomic: boolean;
  readonly ref: string;
  readonly from: Oid;
  /** Tried one after the other until one was applied: values that overtake. */
  readonly overtaking: readonly Oid[];
}

export interface RaceReading {
  readonly late: PushReading;
  /** What was said of each value that was tried; none: the hook didn't run. */
  readonly overtaking: readonly { readonly oid: Oid; readonly reading: PushReading }[];
}

/** Runs the race. What became of the refs is for the caller to read. */
export async function raceOnRef(git: RemoteGit, request: RaceRequest): Promise<RaceReading> {
  const { folder, remote, late, atomic } = request;
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(join(folder, 'pre-push'), hookScript(request), { mode: 0o755 });
    const leases = late.map(({ ref, from }) => `--force-with-lease=${ref}:${from ?? ''}`);
    const specs = late.map(({ ref, to }) => `${to ?? ''}:${ref}`);
    const atomically = atomic ? '--atomic' : '--no-atomic';
    const push = ['push', ...bookFlags, atomically, ...leases, '--', remote, ...specs];
    const result = await git.run(['-c', `core.hooksPath=${folder}`, ...push]);
    const output = { ...result, stdout: result.stdout.toString('utf8') };
    const refs = late.map(({ ref }) => ref);
    return { late: parsePush(output, refs, atomic), overtaking: await readOvertaking(request) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** It has the environment of the push that runs it: the clone's configuration and our own settings are handed on by git. */
function hookScript({ store, folder, remote, ref, from, overtaking }: RaceRequest): string {
  const tries = overtaking.map((oid, index) => {
    const words = ['git', `--git-dir=${store}`, 'push', ...bookFlags, '--no-verify', '--no-atomic'];
    const push = [...words, `--force-with-lease=${ref}:${from}`, '--', remote, `${oid}:${ref}`].map(quoted).join(' ');
    const [out, err] = [join(folder, `${index}.out`), join(folder, `${index}.err`)].map(quoted);
    return `${push} >${out} 2>${err} && exit 0\n`;
  });
  return `#!/bin/sh\ncat >/dev/null\n${tries.join('')}exit 1\n`;
}

async function readOvertaking({ folder, ref, overtaking }: RaceRequest): Promise<RaceReading['overtaking']> {
  const readings: { oid: Oid; reading: PushReading }[] = [];
  for (const [index, oid] of overtaking.entries()) {
    const stdout = await readFile(join(folder, `${index}.out`), 'utf8').catch(() => null);
    if (stdout === null) break;
    const stderr = await readFile(join(folder, `${index}.err`), 'utf8').catch(() => '');
    readings.push({ oid, reading: parsePush({ status: null, stdout, stderr, timedOut: false }, [ref], false) });
  }
  return readings;
}

function quoted(word: string): string {
  return `'${word.replace(/'/g, "'\\''")}'`;
}
