// Landing from odd clones, onto odd targets, over bad connections, beside the user's own hooks.
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { cliJson } from '../helpers/cli.ts';
import { type Agent, makeProject, type Project } from '../helpers/landing.ts';
import { losingLandings } from '../helpers/lost-landing.ts';
import { commitAll, git } from '../helpers/repo.ts';

let project: Project;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await project.close();
});

const log = () => git(['log', '--format=%s', 'refs/heads/main'], { cwd: project.home });

async function claimed(agent: Agent, id: string) {
  const answer = await agent.run('claim', id);
  expect(answer.status, answer.stderr).toBe(0);
}

async function landsBy(agent: Agent, id: string, file = id) {
  await claimed(agent, id);
  await agent.work(id, file, `by ${id}`);
  const landed = await agent.run('land', id);
  expect(landed.status, landed.stderr).toBe(0);
}

describe.each([
  ['shallow', ['--depth=1']],
  ['partial', ['--filter=blob:none']],
] as const)('a %s clone', (_name, args) => {
  test('lands while the remote moves on', async () => {
    project = await makeProject('http');
    await git(['config', 'uploadpack.allowFilter', 'true'], { cwd: project.home });
    const ben = await project.agent('ben');
    await landsBy(ben, 'before');
    const anna = await project.agent('anna', args);
    await claimed(anna, 'a');
    await anna.work('a', 'a', 'a');
    await ben.git('checkout', '--quiet', '--detach', 'origin/main');
    await landsBy(ben, 'meanwhile');
    await ben.git('checkout', '--quiet', '--detach', 'origin/main');
    await landsBy(ben, 'and-again', 'shared');
    const landed = await anna.run('land', 'a');
    expect(landed.status, landed.stderr).toBe(0);
    expect((await log()).split('\n')).toEqual([
      'Change a',
      'Change shared',
      'Change meanwhile',
      'Change before',
      'Begin',
    ]);
    await git(['fsck', '--connectivity-only'], { cwd: project.home });
  });
});

test('a target that was rewritten: what was taken out of it does not come back', async () => {
  project = await makeProject('path');
  const ben = await project.agent('ben');
  await landsBy(ben, 'secret');
  const anna = await project.agent('anna');
  await claimed(anna, 'a');
  await anna.work('a', 'a', 'a');
  await ben.git('checkout', '--quiet', '-B', 'rewritten', 'origin/main~1');
  await writeFile(join(ben.dir, 'instead'), 'x');
  await commitAll(ben.dir, 'Instead');
  await ben.git('push', '--quiet', '--force', 'origin', 'rewritten:main');
  const landed = await anna.run('land', 'a');
  expect(landed.status, landed.stderr).toBe(0);
  expect((await log()).split('\n')).toEqual(['Change a', 'Instead', 'Begin']);
});

test('a target that was deleted: exit 3, the claim is kept', async () => {
  project = await makeProject('path');
  const anna = await project.agent('anna');
  await claimed(anna, 'a');
  await anna.work('a', 'a', 'a');
  await git(['update-ref', '-d', 'refs/heads/main'], { cwd: project.home });
  expect(await anna.run('land', 'a')).toMatchObject({ status: 3, error: { code: 'not-found' } });
  expect((await anna.run('show', 'a')).data).toMatchObject({ state: 'claimed', claim: { mine: true } });
});

describe.each([['git'], ['a request of our own']])(
  'a reply that is lost, to a push by %s, after the landing was applied',
  (how) => {
    test('landed, once', async () => {
      project = await makeProject('path');
      const server = await losingLandings(project.home);
      stops.push(server.stop);
      const anna = await project.agent('anna');
      await anna.git('remote', 'set-url', 'origin', server.url);
      if (how !== 'git') expect((await anna.run('init', '--remote', 'origin')).status).toBe(0);
      await claimed(anna, 'a');
      await anna.work('a', 'a', 'a');
      const landed = await anna.run('land', 'a');
      expect(landed.status, landed.stderr).toBe(0);
      expect(server.lost()).toBe(1);
      expect((await log()).split('\n')).toEqual(['Change a', 'Begin']);
      expect((await anna.run('log', 'a')).data.entries.map(({ op }: { op: string }) => op)).toEqual(['done', 'claim']);
    });
  },
);

test('a remote that is away: exit 6, the claim is kept, and the same command lands when it is back', async () => {
  project = await makeProject('path');
  const anna = await project.agent('anna');
  await claimed(anna, 'a');
  await anna.work('a', 'a', 'a');
  const url = await anna.git('remote', 'get-url', 'origin');
  await anna.git('remote', 'set-url', 'origin', `${url}-away`);
  expect(await anna.run('land', 'a')).toMatchObject({ status: 6, error: { code: 'unavailable' } });
  await anna.git('remote', 'set-url', 'origin', url);
  expect((await anna.run('land', 'a')).status).toBe(0);
});

test("the user's hooks have no part in it, from a subfolder of a linked worktree, with git's variables set", async () => {
  project = await makeProject('path');
  const anna = await project.agent('anna');
  const hooks = join(project.dir, 'hooks');
  await mkdir(hooks);
  for (const name of ['pre-push', 'reference-transaction', 'post-rewrite']) {
    await writeFile(join(hooks, name), '#!/bin/sh\nexit 1\n');
    await chmod(join(hooks, name), 0o755);
  }
  const linked = join(project.dir, 'linked');
  await anna.git('worktree', 'add', '--quiet', '-b', 'task/a', linked, 'origin/main');
  await mkdir(join(linked, 'sub'));
  await writeFile(join(linked, 'sub', 'a'), 'a');
  const commit = await commitAll(linked, 'Change a');
  const env = { ...anna.env, GIT_INDEX_FILE: join(project.dir, 'no-index') };
  expect((await cliJson(['claim', 'a'], { cwd: linked, env })).status).toBe(0);
  await anna.git('config', 'core.hooksPath', hooks);
  const landed = await cliJson(['land', 'a'], { cwd: join(linked, 'sub'), env });
  expect(landed.status, landed.stderr).toBe(0);
  expect(landed.data.landed.commit).toBe(commit);
});

describe('the branch is checked out in a worktree of the embedded book', () => {
  async function embedded() {
    project = await makeProject('embedded');
    const anna = await project.agent('anna');
    await claimed(anna, 'a');
    await anna.work('a', 'shared', 'by anna');
    return anna;
  }

  test('which follows, and keeps other changes', async () => {
    const anna = await embedded();
    await writeFile(join(project.home, 'README'), 'changed, and not committed');
    expect((await anna.run('land', 'a')).status).toBe(0);
    expect(await git(['status', '--porcelain'], { cwd: project.home })).toBe(' M README');
    expect(await git(['diff', '--stat', 'HEAD', '--', 'shared'], { cwd: project.home })).toBe('');
    await git(['commit', '--quiet', '-a', '-m', 'The change'], { cwd: project.home });
    expect(await git(['show', 'main:shared'], { cwd: project.home })).toBe('by anna');
  });

  test('which follows one landing after the other, many at once', async () => {
    project = await makeProject('embedded');
    const agents: Agent[] = [];
    for (let n = 0; n < 4; n++) agents.push(await project.agent(`agent-${n}`));
    for (const [n, agent] of agents.entries()) {
      await claimed(agent, `t-${n}`);
      await agent.work(`t-${n}`, `file-${n}`, `${n}`);
    }
    await git(['config', 'coord.land.attemptsMax', '20'], { cwd: project.home });
    const answers = await Promise.all(agents.map((agent, n) => agent.run('land', `t-${n}`)));
    expect(answers.map(({ status, stderr }) => `${status} ${status === 0 ? '' : stderr}`)).toEqual(
      agents.map(() => '0 '),
    );
    expect(await git(['status', '--porcelain'], { cwd: project.home })).toBe('');
    expect((await log()).split('\n')).toHaveLength(agents.length + 1);
  });

  test('changes that the landing touches, changed or new, refuse', async () => {
    const anna = await embedded();
    await writeFile(join(project.home, 'shared'), 'changed');
    const main = await project.main();
    const refused = await anna.run('land', 'a');
    expect(refused).toMatchObject({ status: 7, error: { message: expect.stringContaining(project.home) } });
    expect(await project.main()).toBe(main);
    expect((await anna.run('show', 'a')).data.state).toBe('claimed');
    await git(['checkout', '--quiet', 'shared'], { cwd: project.home });
    await anna.work('a', 'new', 'new');
    await writeFile(join(project.home, 'new'), 'mine, untracked');
    expect((await anna.run('land', 'a')).status).toBe(7);
  });

  test('a rebase of it that is under way refuses', async () => {
    const anna = await embedded();
    const editor = { ...process.env, GIT_SEQUENCE_EDITOR: 'sed -i s/^pick/edit/' };
    await writeFile(join(project.home, 'two'), '2');
    await commitAll(project.home, 'Two');
    await git(['rebase', '--quiet', '-i', 'HEAD~1'], { cwd: project.home, env: editor });
    expect(await anna.run('land', 'a')).toMatchObject({
      status: 7,
      error: { message: expect.stringContaining('a rebase') },
    });
    await git(['rebase', '--abort'], { cwd: project.home });
    expect((await anna.run('land', 'a')).status).toBe(0);
  });

  test('a landing that was killed before they followed is finished by the next command', async () => {
    const anna = await embedded();
    const from = await project.main();
    await git(['worktree', 'lock', anna.dir], { cwd: project.home });
    expect((await anna.run('land', 'a')).status).toBe(0);
    const to = await project.main();
    // as if it had been killed between the transaction and the worktree
    await git(['read-tree', '-m', '-u', to, from], { cwd: project.home });
    const intention = {
      ref: 'refs/heads/main',
      from,
      to,
      worktrees: [project.home],
      owner: { pid: 2 ** 22, start: '1', namespace: '-' },
    };
    await mkdir(join(project.home, '.git/coord/landing'), { recursive: true });
    await writeFile(join(project.home, '.git/coord/landing/a.json'), JSON.stringify({ ...intention, owner: null }));
    expect(await git(['status', '--porcelain'], { cwd: project.home })).not.toBe('');
    expect((await anna.run('list')).status).toBe(0);
    expect(await git(['status', '--porcelain'], { cwd: project.home })).toBe('');
  });
});

test("a clone's own grafts make no history: what others landed stays", async () => {
  project = await makeProject('path');
  const [anna, ben] = [await project.agent('anna'), await project.agent('ben')];
  await claimed(anna, 'a');
  const work = await anna.work('a', 'a', 'a');
  await landsBy(ben, 'b');
  await anna.git('fetch', '--quiet');
  await anna.git('replace', '--graft', work, 'origin/main');
  const landed = await anna.run('land', 'a');
  expect(landed.status, landed.stderr).toBe(0);
  expect((await log()).split('\n')).toEqual(['Change a', 'Change b', 'Begin']);
});

test('embedded: a worktree whose index is locked for long follows with the next command', async () => {
  project = await makeProject('embedded');
  const anna = await project.agent('anna');
  const first = join(project.dir, 'first');
  await claimed(anna, 'a');
  await anna.work('a', 'a', 'a');
  const hook = join(first, '.git', 'index.lock');
  await writeFile(hook, '');
  const landed = await anna.run('land', 'a');
  expect([0, 7], landed.stderr).toContain(landed.status);
  await rm(hook);
  if (landed.status === 7) expect((await anna.run('land', 'a')).status).toBe(0);
  await anna.run('list');
  expect(await git(['status', '--porcelain'], { cwd: first })).toBe('');
});

test('the name of a file that is not committed is told without what a terminal would obey', async () => {
  project = await makeProject('path');
  const anna = await project.agent('anna');
  await claimed(anna, 'a');
  await anna.work('a', 'a', 'a');
  await writeFile(join(anna.dir, 'forgotten\x1b[2J'), '');
  const landed = await anna.run('land', 'a');
  expect(landed.status, landed.stderr).toBe(0);
  expect(landed.stderr).toContain('not committed, so not in what lands: forgotten');
  expect(landed.stderr).not.toContain('\x1b');
});

describe('what is ignored where a landing brings something else is kept, and it is said', () => {
  async function pushed(other: Agent, name: string): Promise<void> {
    await writeFile(join(other.dir, name), 'theirs');
    await other.git('add', '--force', name);
    await other.git('commit', '--quiet', '-m', `Add ${name}`);
    await other.git('push', '--quiet', 'origin', 'HEAD:main');
  }

  test.each(['a file', 'a folder', 'a file where a folder comes'])('a remote book: %s', async (what) => {
    project = await makeProject('path');
    const [anna, ben] = [await project.agent('anna'), await project.agent('ben')];
    await writeFile(join(anna.dir, '.git/info/exclude'), 'mine*\n');
    expect((await anna.run('claim', 'a')).status).toBe(0);
    await anna.work('a', 'a', 'a');
    const own = what === 'a folder' ? 'mine/deep' : 'mine';
    await mkdir(join(anna.dir, own, '..'), { recursive: true });
    await writeFile(join(anna.dir, own), 'my own');
    if (what === 'a file where a folder comes') await mkdir(join(ben.dir, 'mine'));
    await pushed(ben, what === 'a file where a folder comes' ? 'mine/theirs' : 'mine');
    for (const name of ['lint', 'typeCheck', 'test', 'build', 'security'])
      await anna.git('config', `coord.quality.${name}Command`, 'off');
    await anna.git('config', 'coord.quality.complexityMax', 'off');
    const landed = await anna.run('land', 'a');
    expect([landed.status, landed.stderr]).toEqual([0, expect.stringContaining(`${own} would be overwritten`)]);
    expect(await project.main()).toBe(landed.data.landed.commit);
    expect(await readFile(join(anna.dir, own), 'utf8')).toBe('my own');
    // what isn't in the way is no reason
    expect((await anna.run('land', 'a')).data.attempts).toBe(0);
  });

  test('an embedded book: refused, the claim kept', async () => {
    project = await makeProject('embedded');
    const anna = await project.agent('anna');
    await writeFile(join(project.home, '.git/info/exclude'), 'mine\n');
    await writeFile(join(project.home, 'mine'), 'my own');
    expect((await anna.run('claim', 'a')).status).toBe(0);
    await anna.git('checkout', '--quiet', '-b', 'task/a');
    await writeFile(join(anna.dir, 'mine'), 'theirs');
    await anna.git('add', '--force', 'mine');
    await anna.git('commit', '--quiet', '-m', 'Add it');
    const before = await project.main();
    const landed = await anna.run('land', 'a');
    expect([landed.status, landed.error?.message]).toEqual([7, expect.stringContaining('mine would be overwritten')]);
    expect(await project.main()).toBe(before);
    expect(await readFile(join(project.home, 'mine'), 'utf8')).toBe('my own');
  });
});

test('a repeat of a landing says so, whatever is checked out or changed by then', async () => {
  project = await makeProject('path');
  const anna = await project.agent('anna');
  expect((await anna.run('claim', 'a')).status).toBe(0);
  await anna.work('a', 'a', 'a');
  expect((await anna.run('land', 'a')).status).toBe(0);
  await writeFile(join(anna.dir, 'a'), 'changed');
  expect(await anna.run('land', 'a')).toMatchObject({ status: 0, data: { attempts: 0 } });
  await anna.git('checkout', '--quiet', '--force', '-b', 'task/other');
  expect(await anna.run('land', 'a')).toMatchObject({ status: 0, data: { attempts: 0 } });
});
