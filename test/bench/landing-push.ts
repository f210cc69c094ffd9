/** The push of a landing, as the tool makes it, beside a `git push` of the same commit to a repository without a book. */
import { join } from 'node:path';
import { encodeCommit } from '../../src/store/commit-codec.ts';
import { createGitTransport } from '../../src/transport/git/git-transport.ts';
import { git } from '../helpers/repo.ts';
import { commit, makeCode, type Place } from './code.ts';
import { median, type Row, time } from './measure.ts';

export async function benchLandingPush({ folder, env, url }: Place, runs: number): Promise<Row[]> {
  const byPath = (name: string) => join(folder, name);
  return [
    await pushes({ folder, env, url: byPath }, 'by path', runs),
    await pushes({ folder, env, url }, 'over HTTP', runs),
  ];
}

type Swap = Parameters<ReturnType<typeof createGitTransport>['compareAndSwap']>;
type Move = [updates: Swap[0], objects: Swap[1]['objects'], code?: Swap[1]['foreign']];

const record = (subject: string, parents: readonly string[]) =>
  encodeCommit({ objectFormat: 'sha1', parents, agent: 'bench', dateMs: 0, subject, note: { nonce: Math.random() } });

async function pushes(place: Place, how: string, runs: number): Promise<Row> {
  const { env, url } = place;
  const name = `push-${how.replaceAll(' ', '-')}`;
  const clone = await makeCode(place, name);
  await makeCode(place, `${name}-plain`);
  const head = () => git(['rev-parse', 'HEAD'], { cwd: clone, env });
  const transport = createGitTransport({
    store: join(clone, '.git/coord/store.git'),
    cloneGitDir: join(clone, '.git'),
    cloneTop: clone,
    remote: 'origin',
    prefix: 'refs/',
    objectFormat: 'sha1',
    env,
    posts: true,
    limits: { timeoutMs: 30_000 },
  });
  const foreign = {
    objectDirectory: join(clone, '.git/objects'),
    shallowFile: join(clone, '.git/shallow'),
  };
  const move = async (...[updates, objects, code]: Move) => {
    const started = performance.now();
    const { answers, message } = await transport.compareAndSwap(updates, { atomic: true, objects, foreign: code });
    if (![...answers.values()].every((answer) => answer === 'applied')) throw new Error(`${name}: ${message}`);
    return performance.now() - started;
  };
  const landing: number[] = [];
  const plain: number[] = [];
  // both remotes begin with the same commit, and so the second one's is pushed over
  await git(['push', '--quiet', '--force', url(`${name}-plain.git`), 'HEAD:main'], { cwd: clone, env });
  for (let run = 0; run <= runs; run++) {
    const [board, claims] = [`refs/board/t-${run}`, `refs/claims/t-${run}`];
    const claimed = record('claimed', []);
    const done = record('done', [claimed.oid]);
    await move([{ ref: board, from: null, to: claimed.oid }, { ref: claims, from: null, to: claimed.oid }], [claimed]); // biome-ignore format: a line
    const from = await head();
    await commit(clone, env, `t-${run}`);
    const to = await head();
    const words = ['git', 'push', '--quiet', url(`${name}-plain.git`), `${to}:refs/heads/main`];
    const plainMs = await time({ name: 'push', words: () => words, cwd: clone, env });
    const updates = [
      { ref: board, from: claimed.oid, to: done.oid },
      { ref: 'refs/heads/main', from, to },
      { ref: claims, from: claimed.oid, to: null },
    ];
    const landingMs = await move(updates, [done], foreign);
    if (run > 0) {
      plain.push(plainMs);
      landing.push(landingMs);
    }
  }
  await transport.close();
  const [ms, than] = [median(landing), median(plain)];
  const ratio = `${(ms / than).toFixed(2)}x a git push of the commit alone, ${than.toFixed(1)} ms`;
  return { what: `push of a landing ${how}: ${ratio}`, ms, bound: 'at most 1.3x' };
}
