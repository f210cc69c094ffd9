/**
 * What a landing costs over HTTP: the command as a whole process, and its push alone, beside a `git push` of such a commit to a
 * repository of its own at the same server; the two by turns. Once as it is on loopback, once with a longer way.
 */
import { git } from '../helpers/repo.ts';
import { startTcpProxy } from '../helpers/tcp-proxy.ts';
import { checksOff, commit, makeCode, type Place } from './code.ts';
import { coord, median, type Row, time } from './measure.ts';

const roundTripMs = 50;

export async function benchLanding({ env, folder, url }: Place, runs: number): Promise<Row[]> {
  const proxy = await startTcpProxy({ targetPort: Number(new URL(url('')).port) });
  proxy.faults.delayToServerMs = proxy.faults.delayToClientMs = roundTripMs / 2;
  const far = (name: string) => Object.assign(new URL(url(name)), { port: `${proxy.port}` }).href;
  const ways = [
    { name: 'near', url, what: 'over HTTP', bound: 4 },
    { name: 'far', url: far, what: `over HTTP, round trips of ${roundTripMs} ms`, bound: 2.5 },
  ];
  const sides: Side[] = [];
  try {
    for (const way of ways) sides.push(await makeSide({ env, folder, url: way.url }, way.name, runs));
    const times = sides.map(() => ({ land: [] as number[], push: [] as number[] }));
    for (let run = 0; run <= runs; run++)
      for (const [n, side] of sides.entries()) {
        const [push, land] = [await side.push(run), await side.land(run)];
        if (run === 0) continue;
        times[n]?.push.push(push);
        times[n]?.land.push(land);
      }
    return times.map(({ land, push }, n) => {
      const [ms, plain] = [median(land), median(push)];
      const what = `git coord land ${ways[n]?.what}: ${(ms / plain).toFixed(2)}x a git push of ${plain.toFixed(1)} ms`;
      return { what, ms, bound: `at most ${ways[n]?.bound}x` };
    });
  } finally {
    for (const side of sides) await side.stop();
    await proxy.stop();
  }
}

interface Side {
  land(run: number): Promise<number>;
  push(run: number): Promise<number>;
  stop(): Promise<void>;
}

/** Two repositories with the same code, one of them with a book, and a clone of each. */
async function makeSide({ env, folder, url }: Place, name: string, runs: number): Promise<Side> {
  const place = { env, folder, url };
  const [tasks, plain] = [await makeCode(place, `${name}-tasks`), await makeCode(place, `${name}-plain`)];
  const say = (...words: string[]) => time({ name: words.join(' '), words: () => coord(...words), cwd: tasks, env });
  await say('init', '--remote', 'origin', '--yes');
  await checksOff(tasks, env);
  for (let run = 0; run <= runs; run++) await say('claim', `t-${run}`, '--ttl', '1h');
  return {
    async land(run) {
      await git(['checkout', '--quiet', '-b', `task/t-${run}`], { cwd: tasks, env });
      await commit(tasks, env, `t-${run}`);
      await pause();
      return say('land', `t-${run}`);
    },
    async push(run) {
      await commit(plain, env, `t-${run}`);
      await pause();
      const words = ['git', 'push', '--quiet', 'origin', 'HEAD:main'];
      return time({ name: 'push', words: () => words, cwd: plain, env });
    },
    stop: async () => {
      await say('daemon', 'stop').catch(console.error);
    },
  };
}

/** The daemon has its part of the last landing to do, which isn't measured with what comes next. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 500));
