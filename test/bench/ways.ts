/** The ways of sharing tasks that are compared: this tool, and what people do today. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { git } from '../helpers/repo.ts';
import { type Entry, emptyCommit, shellAgent, type Way } from './agents.ts';
import { coord, time } from './measure.ts';

const run = (cwd: string, env: NodeJS.ProcessEnv, ...args: string[]) =>
  time({ name: args.join(' '), words: () => coord(...args), cwd, env });

/** Daemons would ask the one remote for all clones of this one machine, every two seconds each. */
const offline = { COORD_DAEMON: 'off' };

const ourBook = {
  join: (dir: string, env: NodeJS.ProcessEnv) =>
    run(dir, { ...env, ...offline }, 'init', '--remote', 'origin', '--yes'),
  add: async (dir: string, env: NodeJS.ProcessEnv, tasks: readonly Entry[]) => {
    const file = join(dir, 'tasks.json');
    writeFileSync(file, JSON.stringify({ tasks }));
    await run(dir, { ...env, ...offline }, 'workflow', 'submit', file);
  },
};

export const commandWay: Way = {
  ...ourBook,
  name: 'git coord claim --next, git coord done',
  agent: shellAgent(`
export COORD_DAEMON=off
coord() { "$NODE" "$CLI" "$@"; }
take() {
  out=$(coord claim --next --json) || return $?
  echo "$out" | sed -n 's/.*"data":{"task":{"id":"\\([^"]*\\)".*/\\1/p'
}
finish() { coord done "$1"; }`),
};

/** `resident-agent.ts` as a program of its own, in that folder. */
export async function bundleAgent(folder: string): Promise<string> {
  const outfile = join(folder, 'resident-agent.mjs');
  const options = ['--bundle', '--platform=node', '--format=esm', '--target=node20', '--log-level=error'];
  const words = ['test/bench/resident-agent.ts', ...options, `--outfile=${outfile}`];
  // esbuild itself can't be bundled, as this file is for the bench
  await promisify(execFile)(resolve('node_modules/.bin/esbuild'), words);
  return outfile;
}

/** `program`: what `bundleAgent` made. */
export const libraryWay = (program: string): Way => ({
  ...ourBook,
  name: 'book.next(), book.done() of the library',
  agent: `COORD_DAEMON=off exec "$NODE" '${program}'`,
});

/** `refs/tasks/<task>`, marked by `refs/taken/<task>`: the first that has no mark. */
const listed = `
first() {
  git ls-remote origin 'refs/tasks/*' 'refs/taken/*' | awk -F/ '
    $2 == "tasks" { all[++n] = $3 } $2 == "taken" { gone[$3] = 1 }
    END { for (i = 1; i <= n; i++) if (!(all[i] in gone)) { print all[i]; exit } }'
}
mark() { git commit-tree -m "$COORD_AGENT $(date +%N)" "$(git hash-object -w -t tree /dev/null)"; }`;

async function addRefs(dir: string, env: NodeJS.ProcessEnv, tasks: readonly Entry[]): Promise<void> {
  const commit = await emptyCommit(dir, env, 'a task');
  // by name, so that a higher priority comes first in a list
  const refs = tasks.map(({ id, priority }) => `${commit}:refs/tasks/${9 - priority}-${id}`);
  await git(['push', '--quiet', 'origin', ...refs], { cwd: dir, env });
}

export const naiveWay: Way = {
  name: 'list, the first one, git push',
  add: addRefs,
  agent: shellAgent(`${listed}
take() {
  id=$(first); [ -n "$id" ] || return 7
  git push --quiet --force-with-lease="refs/taken/$id:" origin "$(mark):refs/taken/$id" || return 1
  echo "$id"
}
finish() { git push --quiet --atomic origin ":refs/tasks/$1" ":refs/taken/$1"; }`),
};

export const assignWay: Way = {
  name: 'list, then assign, without compare-and-swap',
  add: addRefs,
  agent: shellAgent(`${listed}
take() {
  id=$(first); [ -n "$id" ] || return 7
  git push --quiet --force origin "$(mark):refs/taken/$id" || return 1
  echo "$id"
}
finish() { :; }`),
};

/** As the claim scripts in circulation do it: the file is the claim, and the folder is pulled before and pushed after. */
export const claimFilesWay: Way = {
  name: 'claim files, no-clobber, in a folder that is pulled and pushed',
  add: async (dir, env, tasks) => {
    for (const folder of ['tasks', 'claims']) mkdirSync(join(dir, folder), { recursive: true });
    for (const { id } of tasks) writeFileSync(join(dir, 'tasks', id), `${id}\n`);
    writeFileSync(join(dir, 'claims/.keep'), '');
    await git(['add', '--all'], { cwd: dir, env });
    await git(['commit', '--quiet', '-m', 'Add tasks'], { cwd: dir, env });
    await git(['push', '--quiet', 'origin', 'HEAD:main'], { cwd: dir, env });
  },
  agent: shellAgent(`
pull() {
  git pull --quiet --rebase -X ours origin main && return
  git rebase --abort; git fetch --quiet origin main && git reset --quiet --hard FETCH_HEAD
}
push() { git push --quiet origin HEAD:main || { pull && git push --quiet origin HEAD:main; }; }
take() {
  pull
  for file in tasks/*; do
    id=\${file#tasks/}
    (set -C; echo "$COORD_AGENT" > "claims/$id") 2>/dev/null || continue
    git add claims && git commit --quiet -m "Claim $id"
    for try in 1 2 3 4 5; do push && break; done
    echo "$id"
    return 0
  done
  return 7
}
finish() { :; }`),
};
