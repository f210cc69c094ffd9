// Workers that are killed while they work on a workflow: it comes to its end all the same, and nothing of it is done twice.
import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startCli } from '../helpers/cli.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { git } from '../helpers/repo.ts';
import { waitFor } from '../helpers/wait-for.ts';

const isFull = process.env.COORD_TEST_FULL === '1';
const [workers, killed, parts] = isFull ? [10, 3, 100] : [4, 2, 8];

let project: Project;
const agents: Agent[] = [];
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const agent of agents.splice(0)) await agent.run('daemon', 'stop');
  await project.close();
});

interface Entry {
  readonly op: string;
}

test(`${killed} of ${workers} workers killed, ${parts} parts`, { timeout: 600_000 }, async () => {
  project = await makeProject('path');
  for (let n = 0; n < workers; n++) {
    const agent = await project.agent(`agent-${n}`);
    Object.assign(agent.env, { COORD_POLL_INTERVAL: '300ms', COORD_CLAIM_TTL: '3s', COORD_DAEMON: 'auto' });
    agents.push(agent);
  }
  const [first] = agents;
  if (first === undefined) throw new Error('no agents');
  const items = Array.from({ length: parts }, (_, n) => n);
  const text = `id: w\ndefaults: { retries: 5 }\ntasks:\n- { id: begin }\n- { id: part, for_each: [${items}], needs: [begin] }\n- { id: all, needs: [part], join: true }\n- { id: end, needs: [all] }\n`;
  await writeFile(join(first.dir, 'w.yml'), text);
  expect((await first.run('workflow', 'submit', 'w.yml')).status).toBe(0);
  const script = 'sleep 0.2; echo "\\"$COORD_TASK_ID\\"" > $COORD_RESULT_FILE';
  const start = ({ dir, env }: Agent): ChildProcess => {
    const child = startCli(['run', '--json', '--max', '1', '--', 'sh', '-c', script], { cwd: dir, env });
    child.stdout?.resume();
    child.stderr?.resume();
    children.push(child);
    return child;
  };
  const victims = agents.map(start).slice(0, killed);
  const doneParts = async () =>
    (await first.run('workflow', 'show', 'w')).data.workflow.tasks.filter(
      ({ id, state }: { id: string; state: string }) => id.startsWith('w.part.') && state === 'done',
    ).length;
  for (const [index, victim] of victims.entries()) {
    await waitFor(async () => (await doneParts()) > index * 2, { what: 'work is going on', deadlineMs: 120_000 });
    victim.kill('SIGKILL');
  }
  const { status, data, stderr } = await first.run('workflow', 'wait', 'w', '--timeout', '5m');
  expect([status, data.workflow.state], stderr).toEqual([0, 'done']);
  const ids = items.map((n) => `w.part.${n}`);
  expect(data.workflow.results).toEqual({ 'w.end': 'w.end' });
  for (const id of ['w.begin', ...ids, 'w.all', 'w.end']) {
    const entries: Entry[] = (await first.run('log', id)).data.entries;
    const ends = entries.filter(({ op }) => op === 'done' || op === 'join').map(({ op }) => op);
    expect([id, ...ends]).toEqual([id, id === 'w.all' ? 'join' : 'done']);
  }
  const all = (await first.run('show', 'w.all')).data.result.needs;
  expect(all.map(({ id, state }: { id: string; state: string }) => [id, state])).toEqual(ids.map((id) => [id, 'done']));
  expect(await git(['for-each-ref', 'refs/claims'], { cwd: project.home })).toBe('');
});
