import { isId } from '../domain/ids.ts';
import type { Task } from '../domain/task.ts';
import type { CloneGit } from './clone-git.ts';

/** So far back: older work was seen as landed by whoever looked since. */
const commitsMax = 20_000;

export interface CarriedWork {
  /** The newest commit that names the task. */
  readonly commit: string;
  /** What the oldest of them stands on. */
  readonly from: string;
}

/** The tasks that commits of this history name by a `Task:` trailer. @throws CoordError `unavailable` */
export async function carriedWork(git: CloneGit, tip: string): Promise<Map<Task['id'], CarriedWork>> {
  const format = '--format=%H%x1f%P%x1f%(trailers:key=Task,valueonly,unfold,separator=%x1f)';
  const log = await git.text(['log', '-z', '--no-show-signature', `--max-count=${commitsMax}`, format, tip, '--']);
  const found = new Map<string, CarriedWork>();
  for (const entry of log.split('\0')) {
    const [commit = '', parents = '', ...values] = entry.split('\x1f');
    const from = parents.split(' ')[0] || commit;
    for (const id of values.map((value) => value.trim().toLowerCase()).filter(isId))
      found.set(id, { commit: found.get(id)?.commit ?? commit.trim(), from });
  }
  return found;
}
