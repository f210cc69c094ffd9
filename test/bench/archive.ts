/** What a claim costs with a large archive beside the board, and with a small one: whole processes, by path, by turns. */
import { join } from 'node:path';
import { encodeTask } from '../../src/coordinator/attempt.ts';
import type { Context } from '../../src/coordinator/context.ts';
import { newTask } from '../../src/domain/new-task.ts';
import { archiveIn } from '../../src/store/archive.ts';
import { encodeCommit } from '../../src/store/commit-codec.ts';
import { createLocalTransport } from '../../src/transport/local/local-transport.ts';
import type { NewCommit, NewObject, RefUpdate } from '../../src/transport/port.ts';
import { makeCode } from './code.ts';
import { type Command, coord, inTurn, median, type Row, time } from './measure.ts';

const sizes = [
  { name: 'small', archived: 0, open: 10 },
  { name: 'large', archived: 5000, open: 500 },
];
const batch = 500;

export async function benchArchive(folder: string, env: NodeJS.ProcessEnv, runs: number): Promise<Row[]> {
  const commands: Command[] = [];
  const clones: string[] = [];
  for (const { name, archived, open } of sizes) {
    const clone = await makeCode({ folder, env, url: (file) => join(folder, file) }, `archive-${name}`);
    clones.push(clone);
    await time({ name: 'init', words: () => coord('init', '--remote', 'origin', '--yes'), cwd: clone, env });
    await fill(join(folder, `archive-${name}.git`), env, archived, open);
    await time({ name: 'list', words: () => coord('list', '--limit', '1'), cwd: clone, env });
    let count = 0;
    const what = `git coord claim with ${archived} archived and ${open} open tasks`;
    commands.push({ name: what, words: () => coord('claim', `o-${count++}`, '--ttl', '1h'), cwd: clone, env });
  }
  const times = await inTurn(commands, Math.min(runs, 9));
  for (const cwd of clones) await time({ name: 'stop', words: () => coord('daemon', 'stop'), cwd, env });
  const [small = 0, large = 0] = [...times.values()].map(median);
  const ratio = `${(large / small).toFixed(2)}x`;
  return [...times].map(([what, all], n) => ({
    what: n === 0 ? what : `${what}: ${ratio}`,
    ms: median(all),
    bound: n === 0 ? '' : 'at most 1.5x',
  }));
}

/** Puts tasks there as their agents would have, without the many pushes. */
async function fill(gitDir: string, env: NodeJS.ProcessEnv, archived: number, open: number): Promise<void> {
  const transport = createLocalTransport({ gitDir, objectFormat: 'sha1', env, timeoutMs: 60_000 });
  const at = new Date().toISOString();
  const noteOf = (id: string, op: 'add' | 'cancel'): NewCommit => {
    const stamp = { by: 'bench', at, nonce: `${op}-${id}-${'0'.repeat(16)}` };
    const task = { ...newTask({ id, title: id }, stamp), ...(op === 'cancel' && { state: 'cancelled' as const }) };
    const context = { store: { objectFormat: 'sha1' } } as Context;
    return encodeTask(context, { v: 1, kind: 'task', op, ...stamp, task }, op === 'add' ? null : noteOf(id, 'add').oid);
  };
  const move = async (updates: readonly RefUpdate[], objects: readonly NewObject[]) => {
    const { answers, message } = await transport.compareAndSwap(updates, { atomic: true, objects });
    if (![...answers.values()].every((answer) => answer === 'applied')) throw new Error(message);
  };
  const tasks = Array.from({ length: open }, (_, n) => noteOf(`o-${n}`, 'add'));
  await move(
    tasks.map(({ oid }, n) => ({ ref: `refs/board/o-${n}`, from: null, to: oid })),
    tasks,
  );
  let tip: string | null = null;
  for (let from = 0; from < archived; from += batch) {
    const ids = Array.from({ length: batch }, (_, n) => `a-${from + n}`);
    const ends = ids.map((id) => noteOf(id, 'cancel'));
    const { tree, trees } = await archiveIn(transport).grown(
      tip,
      new Map(ids.map((id, n) => [id, ends[n]?.oid ?? ''])),
    );
    const parents = [...(tip === null ? [] : [tip]), ...ends.map(({ oid }) => oid)];
    const note = { v: 1, kind: 'archive', by: 'bench', at, nonce: `${from}`, tasks: ids };
    const commit = encodeCommit({
      objectFormat: 'sha1',
      tree,
      parents,
      agent: 'bench',
      dateMs: 0,
      subject: 'archive',
      note,
    });
    const objects = [...ids.map((id) => noteOf(id, 'add')), ...ends, ...trees, commit];
    await move([{ ref: 'refs/archive/board', from: tip, to: commit.oid }], objects);
    tip = commit.oid;
  }
  await transport.close();
}
