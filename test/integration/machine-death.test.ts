// A machine that dies with its daemon: its tasks are taken by others in under 30 s with default settings, whatever their
// clocks say (protocol 6). The clocks are ten minutes off, by libfaketime, in either direction.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { joinBook, makeBook, tenures } from '../helpers/book.ts';
import { cli, cliJson } from '../helpers/cli.ts';
import { git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

const hasFaketime = (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'faketime')));
if (!hasFaketime) console.log('SKIP machine-death: faketime is not installed');

const goneMsMax = 30_000;

let scratch: Scratch;
let bare: string;
const clones: string[] = [];
beforeEach(async () => {
  scratch = await makeScratch();
  bare = await makeBareRepo(join(scratch.dir, 'remote.git'));
  const book = await makeBook(bare, bare);
  for (const name of ['dies', 'ahead', 'behind'])
    clones.push(await joinBook(bare, join(scratch.dir, name), book, { daemon: 'auto' }));
});
afterEach(async () => {
  for (const cwd of clones.splice(0)) await cli(['daemon', 'stop'], { cwd });
  await scratch.remove();
});

const now = () => performance.now();

test.skipIf(!hasFaketime)(
  'its tasks are taken in under 30 s by clones whose clocks are off',
  { timeout: 120_000 },
  async () => {
    const [dies = '', ahead = '', behind = ''] = clones;
    const tasks = ['for-ahead', 'for-behind'];
    for (const task of tasks) expect((await cliJson(['claim', task], { cwd: dies })).data.claim.ttlMs).toBe(20_000);
    const pid: number = await waitFor(
      async () => (await cliJson(['daemon', 'status'], { cwd: dies })).data.pid as number | null,
      { what: 'the daemon runs' },
    );
    // it beats: more than the claim's own value has been seen before it dies
    const claimRef = () => git(['rev-parse', 'refs/claims/for-ahead'], { cwd: bare });
    const first = await claimRef();
    await waitFor(async () => (await claimRef()) !== first, { deadlineMs: 20_000, what: 'a heartbeat' });
    process.kill(pid, 'SIGKILL');
    const killedMs = now();
    const take = async (cwd: string, task: string, offset: string): Promise<number> => {
      const under = ['faketime', '-f', offset];
      const env = { DONT_FAKE_MONOTONIC: '1', COORD_AGENT: `agent-${offset.replace(/\W/, '')}` };
      const { status, data, error } = await cliJson(['claim', task, '--wait', '50s'], { cwd, under, env });
      expect([status, data?.via], error?.message).toEqual([0, 'takeover']);
      return now() - killedMs;
    };
    const [aheadMs, behindMs] = await Promise.all([
      take(ahead, 'for-ahead', '+10m'),
      take(behind, 'for-behind', '-10m'),
    ]);
    console.log(`taken ${Math.round(aheadMs)} and ${Math.round(behindMs)} ms after the kill`);
    for (const ms of [aheadMs, behindMs]) {
      expect(ms).toBeLessThan(goneMsMax);
      expect(ms, 'not before its lease was over').toBeGreaterThan(10_000);
    }
    for (const task of tasks) expect(await tenures(bare, task)).toHaveLength(2);
  },
);
