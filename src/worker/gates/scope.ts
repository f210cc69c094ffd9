/**
 * What a gate looks at. **Changed** is what differs from the merge base with the target branch: in commits, in the index and
 * in the worktree, with files that git doesn't know and doesn't ignore. A landing looks at its commits alone: what isn't
 * committed doesn't land.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { CoordError } from '../../errors.ts';
import { tipOf, trackingRef } from '../branch-tips.ts';
import { type CloneGit, firstWords } from '../clone-git.ts';
import { targetName } from '../target-name.ts';
import { addedTexts, allLines, changedLines, type Lines } from './changed-lines.ts';

/** Files by their names below the root, in order; only what lies there as a plain file. */
export interface Scope {
  readonly files: readonly string[];
  /** Changed ones that are no more. */
  readonly deleted: number;
  /** The lines to look at. A file without an entry has none. */
  linesOf(names: readonly string[]): Promise<ReadonlyMap<string, readonly Lines[]>>;
  /** Of a landing of several commits: what each of them adds, also what a later one takes away. It stays in the history. */
  readonly added?: () => Promise<readonly AddedText[]>;
}

export interface AddedText {
  readonly commit: string;
  readonly file: string;
  /** The added lines. */
  readonly text: string;
}

/** Of a patch's files at a time: their texts are in it. */
const filesAtOnce = 32;
const patchFlags = ['--unified=0', '--inter-hunk-context=0', '--no-color', '--no-ext-diff', '--no-textconv', '--text'];
const sameEverywhere = ['--no-renames', '--src-prefix=a/', '--dst-prefix=b/', '--submodule=short'];

/** Everything that git knows or could be told of. @throws CoordError `unavailable` */
export async function wholeScope(git: CloneGit): Promise<Scope> {
  const listed = await names(git, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  const files = await plainFiles(git.dir, listed);
  return { files, deleted: 0, linesOf: async (wanted) => new Map(wanted.map((name) => [name, allLines])) };
}

/** What changed since a commit, or `committed`: since the work left that commit's history. @throws CoordError `unavailable` */
export async function changedScope(git: CloneGit, base: string, { committed }: { committed: boolean }): Promise<Scope> {
  const range = committed ? [`${base}...HEAD`] : [base];
  const { there, gone } = await differing(git, range);
  const untracked = committed ? [] : await names(git, ['ls-files', '-z', '--others', '--exclude-standard']);
  const files = await plainFiles(git.dir, [...there, ...untracked]);
  const isUntracked = new Set(untracked);
  return {
    ...(committed && { added: () => addedSince(git, base) }),
    files,
    deleted: gone.length,
    async linesOf(wanted) {
      const found = new Map<string, readonly Lines[]>();
      for (const name of wanted) if (isUntracked.has(name)) found.set(name, allLines);
      const tracked = wanted.filter((name) => !isUntracked.has(name));
      for (let at = 0; at < tracked.length; at += filesAtOnce) {
        const some = tracked.slice(at, at + filesAtOnce);
        const diff = ['diff', ...patchFlags, ...sameEverywhere, ...range, '--', ...some];
        for (const [name, lines] of changedLines(await git.text(['--literal-pathspecs', ...literal, ...diff])))
          found.set(name, lines);
      }
      return found;
    },
  };
}

async function addedSince(git: CloneGit, base: string): Promise<AddedText[]> {
  const commits = (await git.text(['rev-list', '--no-merges', '--reverse', `${base}..HEAD`]))
    .split('\n')
    .filter(Boolean);
  // of a single one, the files say all
  if (commits.length < 2) return [];
  const found: AddedText[] = [];
  for (const commit of commits) {
    const show = ['show', '--format=', ...patchFlags, ...sameEverywhere, commit, '--'];
    for (const [file, text] of addedTexts(await git.text([...literal, ...show]))) found.push({ commit, file, text });
  }
  return found;
}

/** Names are given as they are, but for control characters. */
const literal = ['-c', 'core.quotePath=false'];

async function names(git: CloneGit, args: readonly string[]): Promise<string[]> {
  const listed = (await git.text(args)).split('\0').filter((name) => name !== '');
  return [...new Set(listed)];
}

async function differing(git: CloneGit, range: readonly string[]): Promise<{ there: string[]; gone: string[] }> {
  const fields = (await git.text(['diff', '--name-status', '-z', '--no-renames', ...range, '--'])).split('\0');
  const [there, gone]: [string[], string[]] = [[], []];
  for (let at = 0; at + 1 < fields.length; at += 2) (fields[at] === 'D' ? gone : there).push(fields[at + 1] ?? '');
  return { there, gone };
}

async function plainFiles(root: string, listed: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of listed) {
    const stat = await lstat(join(root, name)).catch(() => null);
    if (stat?.isFile()) found.push(name);
  }
  return found.sort();
}

/**
 * Where the work that is checked out began: its merge base with the branch that it would land on.
 * @throws CoordError `not-found` when there is no such branch here, or no common history
 */
export async function mergeBase(git: CloneGit, remote: string | null): Promise<string> {
  const target = await targetName(git, remote, undefined);
  const refs = [...(remote === null ? [] : [trackingRef(remote, `refs/heads/${target}`)]), `refs/heads/${target}`];
  for (const ref of refs) {
    if ((await tipOf(git, ref)) === null) continue;
    const { status, stdout, stderr } = await git.try(['merge-base', ref, 'HEAD']);
    if (status === 0) return stdout.toString('utf8').trim();
    const why = firstWords(stderr) === 'it gave no reason' ? 'they have no common history' : firstWords(stderr);
    throw noBase(`HEAD can't be compared with ${target}: ${why}`);
  }
  throw noBase(`there is no branch ${target} here to compare with`);
}

const noBase = (what: string): CoordError =>
  new CoordError('not-found', what, {
    hint: 'What has changed is what differs from the branch that the work would land on.',
    next: ['git fetch', 'git coord gate'],
  });
