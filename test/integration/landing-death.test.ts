// A server killed by strace at each rename and unlink of a landing's push (trap 34): once its locks are gone, the same command
// has the work on main exactly once, and the task done.
import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { git } from '../helpers/repo.ts';

const full = process.env.COORD_TEST_FULL === '1';
const hasStrace = (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'strace')));
if (!hasStrace) console.log('SKIP landing-death: strace is not installed');

const few = ['rename 1', 'rename 2', 'unlink 2', 'unlink 4'];
const pointsMax = 14;

let project: Project;
let anna: Agent;
let armed: string;
let trace: string;

beforeEach(async () => {
  project = await makeProject('path');
  anna = await project.agent('anna');
  [armed, trace] = [join(project.dir, 'armed'), join(project.dir, 'trace')];
  const wrapper = join(project.dir, 'receive-pack');
  const inject = '-e trace=rename,unlink -e "inject=$call:signal=SIGKILL:when=$nth"';
  const text = `#!/bin/sh\n[ -e '${armed}' ] || exec git receive-pack "$@"\nread -r call nth <'${armed}'\nrm '${armed}'\nexec strace -f -o '${trace}' ${inject} git receive-pack "$@"\n`;
  await writeFile(wrapper, text);
  await chmod(wrapper, 0o755);
  await anna.git('config', 'remote.origin.receivepack', wrapper);
});
afterEach(() => project.close());

const lockFiles = async () =>
  (await readdir(project.home, { recursive: true })).filter((name) => name.endsWith('.lock'));
const subjects = () => git(['log', '--format=%s', 'refs/heads/main'], { cwd: project.home });

/** Whether the server came by that point at all. */
async function dies(point: string, nth: number): Promise<boolean> {
  const id = `t-${nth}`;
  expect((await anna.run('claim', id, '--ttl', '1h')).status).toBe(0);
  await anna.git('checkout', '--quiet', '--detach', 'origin/main');
  await anna.work(id, id, point);
  await writeFile(armed, `${point}\n`);
  const first = await anna.run('land', id);
  expect(existsSync(armed), 'the push went through the wrapper').toBe(false);
  expect([0, 6, 7, 8], `${point}: ${first.stderr}`).toContain(first.status);
  for (const lock of await lockFiles()) await rm(join(project.home, lock));
  const again = await anna.run('land', id);
  expect(again.status, `${point}: ${first.stderr} then ${again.stderr}`).toBe(0);
  expect((await subjects()).split('\n').filter((subject) => subject === `Change ${id}`)).toHaveLength(1);
  expect((await anna.run('show', id)).data).toMatchObject({ state: 'done', landed: { commit: await project.main() } });
  return (await readFile(trace, 'utf8')).includes('killed by SIGKILL');
}

describe.skipIf(!hasStrace)('a server killed in a landing', () => {
  test('the same command puts it right', { timeout: 900_000 }, async () => {
    let nth = 0;
    if (!full) {
      for (const point of few) expect(await dies(point, nth++), point).toBe(true);
      return;
    }
    for (const call of ['rename', 'unlink']) {
      let point = 1;
      while (point <= pointsMax && (await dies(`${call} ${point}`, nth++))) point++;
      expect(point, `${call}s in a landing`).toBeGreaterThan(2);
      expect(point).toBeLessThanOrEqual(pointsMax);
    }
  });
});
