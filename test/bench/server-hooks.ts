/** What the server's hooks add to a push by path: each push goes, in turn, to a repository with them and to one without. */
import { resolve } from 'node:path';
import type { RefUpdate } from '../../src/transport/port.ts';
import { claimRecord, type GuardedRepo, heldBy, makeGuardedRepo, openTask, record } from '../helpers/guarded-repo.ts';
import { median, time } from './measure.ts';

export async function benchServerHooks(runs: number) {
  const client = await makeGuardedRepo({ guarded: false });
  const servers = {
    guarded: await makeGuardedRepo({ guarded: false }),
    bare: await makeGuardedRepo({ guarded: false }),
  };
  const install = [process.execPath, resolve('bin/git-coord.cjs'), 'hooks', 'install', '--server', servers.guarded.dir];
  try {
    await time({ name: 'install', words: () => install, cwd: client.dir, env: process.env });
    const times = await measure(client, servers, runs);
    return [...times].map(([what, { guarded, bare }]) => ({ what, guarded: median(guarded), bare: median(bare) }));
  } finally {
    for (const repo of [client, ...Object.values(servers)]) await repo.remove();
  }
}

type Times = Map<string, { guarded: number[]; bare: number[] }>;

async function measure(client: GuardedRepo, servers: Record<'guarded' | 'bare', GuardedRepo>, runs: number) {
  const times: Times = new Map();
  let main = await client.code([]);
  for (const server of Object.values(servers)) await push(client, server, [['refs/heads/main', null, main]]);
  for (let run = 0; run <= runs; run++) {
    const id = `t-${run}`;
    const [board, claims] = [`refs/board/${id}`, `refs/claims/${id}`];
    const held = heldBy('anna', openTask(id));
    const t = record('add', openTask(id), null);
    const c = record('claim', held, t);
    const [k, k1] = [claimRecord(held, c), claimRecord(held, c, { beat: 1 })];
    const next = await client.code([main]);
    const landed = { ref: 'refs/heads/main', from: main, commit: next };
    const d = record('done', { ...held, state: 'done', holder: null, landed }, c);
    for (const oid of [t, c, k, k1, d]) await client.put({ 'refs/scratch/object': oid });
    const pushes: [string, Move[]][] = [
      ['add', [[board, null, t]]],
      ['claim', [[board, t, c], [claims, null, k]]],
      ['beat', [[claims, k, k1]]],
      ['landing', [[board, c, d], ['refs/heads/main', main, next], [claims, k1, null]]],
      ['another branch', [['refs/heads/other', run === 0 ? null : main, next]]],
    ]; // biome-ignore format: a table
    main = next;
    for (const [what, moves] of pushes) {
      const found = times.get(what) ?? { guarded: [], bare: [] };
      times.set(what, found);
      for (const name of ['guarded', 'bare'] as const) {
        const ms = await push(client, servers[name], moves);
        if (run > 0) found[name].push(ms);
      }
    }
  }
  return times;
}

type Move = [ref: RefUpdate['ref'], from: RefUpdate['from'], to: RefUpdate['to']];

function push(client: GuardedRepo, server: GuardedRepo, moves: readonly Move[]): Promise<number> {
  const leases = moves.map(([ref, from]) => `--force-with-lease=${ref}:${from ?? ''}`);
  const specs = moves.map(([ref, , to]) => `${to ?? ''}:${ref}`);
  const words = ['git', 'push', '--quiet', '--atomic', ...leases, server.dir, ...specs];
  return time({ name: 'push', words: () => words, cwd: client.dir, env: process.env });
}
