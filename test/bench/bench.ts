/** npm run bench: the claims about speed, as ratios within one run. Nothing here fails on a slow machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { git, makeBareRepo, makeClone } from '../helpers/repo.ts';
import { benchArchive } from './archive.ts';
import type { Place } from './code.ts';
import { benchDrain } from './drain.ts';
import { benchEnvironment } from './environment.ts';
import { benchFleet } from './fleet.ts';
import { benchLanding } from './landing.ts';
import { benchLandingPush } from './landing-push.ts';
import { startHttpServer } from './lighttpd.ts';
import { type Command, coord, inTurn, median, type Row, time } from './measure.ts';
import { benchReady } from './ready.ts';

export async function bench(runs: number): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'coord-bench-'));
  const env = benchEnvironment(folder);
  const server = await startHttpServer(folder, env);
  const place = { folder, env, url: server.url };
  try {
    return [
      ...(await embedded(folder, env, runs)),
      ...(await benchReady(place, runs)),
      ...(await overHttp(place, Math.max(3, Math.round(runs / 4)))),
      ...(await benchDrain(place)),
      ...(await benchLandingPush(place, runs)),
      ...(await benchLanding(place, Math.round(runs / 2))),
      ...(await benchArchive(folder, env, runs)),
      ...(await benchFleet(folder, env)),
    ];
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function embedded(folder: string, env: NodeJS.ProcessEnv, runs: number): Promise<Row[]> {
  const cwd = join(folder, 'embedded');
  await git(['init', '--quiet', cwd], { cwd: folder, env });
  await time({ name: 'init', words: () => coord('init', '--local'), cwd, env });
  let count = 0;
  const commands: Command[] = [
    { name: 'node -e 0', words: () => [process.execPath, '-e', '0'], cwd, env },
    { name: 'git coord --version', words: () => coord('--version'), cwd, env },
    { name: 'git coord claim (embedded)', words: () => coord('claim', `bench-${count++}`, '--ttl', '1h'), cwd, env },
    { name: 'git coord mcp, to the end of its input', words: () => coord('mcp'), cwd, env },
    { name: 'git coord list (embedded)', words: () => coord('list'), cwd, env },
  ];
  const times = await inTurn(commands, runs);
  await time({ name: 'daemon stop', words: () => coord('daemon', 'stop'), cwd, env });
  const node = median(times.get('node -e 0') ?? []);
  const bounds: Record<string, string> = {
    'git coord --version': 'at most 2x node',
    'git coord claim (embedded)': 'at most 5x node',
  };
  return [...times].map(([what, all]) => {
    const ms = median(all);
    return { what: `${what}: ${(ms / node).toFixed(2)}x node -e 0`, ms, bound: bounds[what] ?? '' };
  });
}

/** What the daemons still have to tell of the last round, a poll later, isn't measured with the next one. */
async function calm(): Promise<void> {
  const idleMs = () => cpus().reduce((sum, { times }) => sum + times.idle, 0);
  const windowMs = 2500;
  for (let tries = 0; tries < 8; tries++) {
    const before = idleMs();
    await new Promise((resolve) => setTimeout(resolve, windowMs));
    if (idleMs() - before > windowMs * cpus().length * 0.75) return;
  }
}

const agents = 8;
const sh = ['sh', '-c'];
const firstId = `sed -n 's/.*"tasks":\\[{"id":"\\([^"]*\\)".*/\\1/p'`;
const byHand = (name: string) =>
  `git push --quiet origin $(git commit-tree -m ${name} $(git hash-object -w -t tree /dev/null)):refs/by-hand/${name}`;

async function overHttp({ folder, env, url }: Place, rounds: number): Promise<Row[]> {
  await makeBareRepo(join(folder, 'remote.git'));
  const clones: string[] = [];
  try {
    for (let n = 0; n < agents; n++) {
      const cwd = await makeClone(url('remote.git'), join(folder, `clone-${n}`));
      clones.push(cwd);
      await time({ name: 'init', words: () => coord('init', '--remote', 'origin', '--yes'), cwd, env });
    }
    const everybody = (name: string, words: (n: number) => readonly string[]) =>
      Promise.all(clones.map((cwd, n) => time({ name, words: () => words(n), cwd, env })));
    const atOnce = async (
      name: string,
      words: (n: number, round: number) => readonly string[],
      after?: () => unknown,
    ) => {
      const all: number[] = [];
      for (let round = 0; round < rounds; round++) {
        await calm();
        all.push(...(await everybody(name, (n) => words(n, round))));
        await after?.();
      }
      return { what: `${name}, ${agents} at once`, ms: median(all), bound: '' };
    };
    // as agents do: one task each, finished before the next
    const finish = () =>
      everybody('release', () => [
        ...sh,
        `${coord('list').join(' ')} --mine --json | ${firstId} | xargs ${coord('done').join(' ')}`,
      ]);
    const bare = await atOnce('node -e 0', () => [process.execPath, '-e', '0']);
    const plain = await atOnce('git push of one new ref over HTTP', (n, round) => [...sh, byHand(`${round}-${n}`)]);
    const [first = ''] = clones;
    for (let n = 0; n < agents * rounds; n++)
      await time({
        name: 'add',
        words: () => coord('add', 'a task', '--id', `http-${n}`),
        cwd: first,
        env,
      });
    const claims = await atOnce(
      'git coord claim over HTTP',
      (n, round) => coord('claim', `http-${round * agents + n}`),
      finish,
    );
    // more than the agents take, so that they needn't meet on the last ones
    for (let n = 0; n < 2 * agents * rounds; n++)
      await time({ name: 'add', words: () => coord('add', `task ${n}`), cwd: first, env });
    const nexts = await atOnce('git coord claim --next over HTTP', () => coord('claim', '--next'), finish);
    const bound = 'under 1000 ms';
    return [bare, plain, { ...claims, bound }, { ...nexts, bound }];
  } finally {
    for (const cwd of clones)
      await time({ name: 'daemon stop', words: () => coord('daemon', 'stop'), cwd, env }).catch(console.error);
  }
}
