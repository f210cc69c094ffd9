/**
 * How much of a worker's time its commands run: ten places, a hundred tasks that edit one repository, by path, commands that
 * take two seconds, checks off. By the worker's own report, and by when the commands themselves say that they ran.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checksOff, makeCode } from './code.ts';
import { coord, type Row, time } from './measure.ts';

const [workers, tasks, seconds] = [10, 100, 2];

export async function benchFleet(folder: string, env: NodeJS.ProcessEnv): Promise<Row[]> {
  const clone = await makeCode({ folder, env, url: (name) => join(folder, name) }, 'fleet');
  const say = (...words: string[]) => time({ name: words.join(' '), words: () => coord(...words), cwd: clone, env });
  await say('init', '--remote', 'origin', '--yes');
  await checksOff(clone, env);
  for (let n = 0; n < tasks; n++) await say('add', `Task ${n}`, '--id', `t-${n}`, '--retries', '20');
  const log = join(folder, 'fleet.log');
  const now = 'date +%s%3N';
  const script = `n=\${COORD_TASK_ID#t-}; from=$(${now}); sleep ${seconds}; echo $n > file-$n
    git add file-$n && git commit -qm "Do $n" && echo $from $(${now}) >> ${log}`;
  const beganMs = Date.now();
  await say('run', '--json', '--drain', '--max', String(workers), '--', 'sh', '-c', script);
  await say('daemon', 'stop');
  const spans = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  const ranMs = spans.reduce((sum, [from = 0, to = 0]) => sum + to - from, 0);
  // nothing is ready once the last command has begun
  const untilMs = Math.max(...spans.map(([from = 0]) => from));
  const within = spans.reduce((sum, [from = 0, to = 0]) => sum + Math.max(0, Math.min(to, untilMs) - from), 0);
  const share = within / (workers * (untilMs - beganMs));
  const what = `${workers} places, ${tasks} tasks of ${seconds} s: commands ran ${(100 * share).toFixed(0)} % of the time`;
  return [{ what, ms: ranMs / spans.length, bound: 'at least 80 %' }];
}
