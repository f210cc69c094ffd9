/** What is ready of a thousand tasks: in the clone itself, and of a remote by what the clone saw last. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { git, makeBareRepo, makeClone } from '../helpers/repo.ts';
import { mixed } from './agents.ts';
import type { Place } from './code.ts';
import { type Command, coord, inTurn, median, type Row, time } from './measure.ts';

const tasks = 1000;

export async function benchReady({ folder, env, url }: Place, runs: number): Promise<Row[]> {
  const local = join(folder, 'ready-local');
  await git(['init', '--quiet', local], { cwd: folder, env });
  await makeBareRepo(join(folder, 'ready.git'));
  const clone = await makeClone(url('ready.git'), join(folder, 'ready-clone'));
  const say = (cwd: string, ...words: string[]) =>
    time({ name: words.join(' '), words: () => coord(...words), cwd, env: { ...env, COORD_DAEMON: 'off' } });
  await say(local, 'init', '--local');
  await say(clone, 'init', '--remote', 'origin', '--yes');
  const file = join(folder, 'ready.json');
  writeFileSync(file, JSON.stringify({ tasks: mixed(tasks) }));
  for (const cwd of [local, clone]) {
    await say(cwd, 'workflow', 'submit', file);
    await say(cwd, 'ready', '--json');
  }
  const commands: Command[] = [
    { name: 'node', words: () => [process.execPath, '-e', '0'], cwd: local, env },
    {
      name: `git coord ready --json of ${tasks} tasks (embedded)`,
      words: () => coord('ready', '--json'),
      cwd: local,
      env,
    },
    {
      name: `git coord ready --json --cached of ${tasks} tasks`,
      words: () => coord('ready', '--json', '--cached'),
      cwd: clone,
      env,
    },
  ];
  const [node = [], ...others] = [...(await inTurn(commands, runs)).values()];
  return others.map((times, n) => {
    const what = `${commands[n + 1]?.name}: ${(median(times) / median(node)).toFixed(2)}x node -e 0`;
    return { what, ms: median(times), bound: 'at most 4x node' };
  });
}
