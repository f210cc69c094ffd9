// Each thing that doctor can find: the fault is made, seen by its name, what doctor prints is typed, and it is gone.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recordSession } from '../../src/config/sessions.ts';
import { parseDaemonFile, readDaemonText } from '../../src/daemon-link/daemon-file.ts';
import { type BuiltCli, buildCli } from '../helpers/daemon.ts';
import { makePatient, type Patient } from '../helpers/doctor.ts';
import { startHttpBackend } from '../helpers/http-backend.ts';
import { putLiar } from '../helpers/liar.ts';
import { commitAll, git, makeBareRepo, makeScratch, type Scratch } from '../helpers/repo.ts';
import { mountSmallDisk } from '../helpers/small-disk.ts';
import { waitFor } from '../helpers/wait-for.ts';

let scratch: Scratch;
let patient: Patient;
const ends: (() => unknown)[] = [];
beforeEach(async () => {
  scratch = await makeScratch();
  patient = await makePatient(scratch.dir);
  patient.env.COORD_DAEMON = 'off';
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await scratch.remove();
});

/** The fault is named, with what it means; what is printed takes it away. */
async function healed(id: string, detail: string | RegExp, status = 0): Promise<string | null | undefined> {
  const found = await patient.doctor();
  expect([found.failing, found.status]).toEqual([[id], status]);
  const check = found.check(id);
  expect(check?.detail).toMatch(detail);
  expect(check?.means).toMatch(/\w/);
  if (status > 0)
    expect([found.error?.message, found.error?.next]).toEqual([expect.stringContaining(`${id}: `), [check?.fix]]);
  expect(await patient.type(check?.fix)).toEqual([]);
  return check?.fix;
}

/** The same fault, and doctor does what it says. */
async function fixed(id: string): Promise<void> {
  const found = await patient.doctor('--fix');
  expect(found.data.fixed.map((one: { id: string }) => one.id)).toEqual([id]);
  expect([found.failing, found.status]).toEqual([[], 0]);
}

test('nothing is wrong, and --fix does nothing', async () => {
  const found = await patient.doctor('--fix');
  expect(found).toMatchObject({ status: 0, failing: [], data: { fixed: [] } });
});

test('git: too old', async () => {
  const real = (await git(['--exec-path'], { cwd: patient.dir })).replace(/\/libexec.*|\/lib\/git-core$/, '/bin/git');
  await writeFile(
    join(scratch.dir, 'bin/git'),
    `#!/bin/sh\n[ "$1" = version ] && echo git version 2.30.1 || exec '${real}' "$@"\n`,
  );
  await chmod(join(scratch.dir, 'bin/git'), 0o755);
  const found = await patient.doctor();
  expect(found).toMatchObject({ status: 6, failing: ['git'] });
  expect(found.check('git')).toMatchObject({
    detail: expect.stringContaining('this one is 2.30.1'),
    fix: expect.stringMatching(/^Install a newer git/),
  });
  await rm(join(scratch.dir, 'bin/git'));
  expect((await patient.doctor()).failing).toEqual([]);
});

describe('identity', () => {
  test.each([
    ['COORD_AGENT', 'No Name!'],
    ['COORD_SESSION', '***'],
  ])('$%s can not be one', async (name, value) => {
    patient.env[name] = value;
    expect(await healed('identity', /is no/, 2)).toBe(`unset ${name}`);
  });

  test('git config coord.agent can not be one', async () => {
    await patient.git('config', 'coord.agent', 'No Name!');
    expect(await healed('identity', /is no/, 2)).toBe('git config --unset-all coord.agent');
  });
});

describe('config', () => {
  test('a value that can not be one, of git and of the environment', async () => {
    await patient.git('config', 'coord.claimTtl', 'soon');
    patient.env.COORD_LAND_ATTEMPTS_MAX = 'many';
    expect(await healed('config', /coord.claimTtl is no duration/, 2)).toBe(
      'git config --unset-all coord.claimTtl && unset COORD_LAND_ATTEMPTS_MAX',
    );
  });

  test('a setting that nobody knows', async () => {
    await patient.git('config', 'coord.claimTll', '20s');
    await healed('config', /did you mean coord.claimTtl/);
  });

  test('a setting that nobody knows hides nothing else', async () => {
    await patient.coord('claim', 'a');
    await patient.git('config', 'coord.claimTll', '20s');
    patient.env.COORD_DAEMON = undefined;
    const found = await patient.doctor();
    expect([found.failing, found.stderr]).toEqual([['config', 'daemon'], '']);
    for (const id of ['claims', 'sessions', 'clock', 'limits', 'events']) expect(found.check(id)?.ok, id).toBe(true);
  });

  test('an interval that does not fit', async () => {
    patient.env.COORD_DAEMON = undefined;
    await patient.git('config', 'coord.heartbeatInterval', '10m');
    await healed('config', /heartbeat_interval is 10m/, 2);
  });

  test('the shared file names another book', async () => {
    await writeFile(join(patient.dir, '.coord.yml'), 'coordination:\n  prefix: refs/team/\n');
    const found = await patient.doctor();
    expect(found.failing).toEqual(['config']);
    expect(found.check('config')?.fix).toBe('git coord init');
  });

  test('the shared file is wrong', async () => {
    await writeFile(join(patient.dir, '.coord.yml'), 'coordination:\n  claim_ttl: 20\n');
    const found = await patient.doctor();
    expect(found).toMatchObject({ status: 2, failing: ['config'] });
    expect(found.check('config')?.detail).toMatch(/^\.coord\.yml:2/);
    await writeFile(join(patient.dir, '.coord.yml'), 'coordination:\n  claim_ttl: 20s\n');
    expect((await patient.doctor()).failing).toEqual([]);
  });
});

describe('disk', () => {
  test('full to the last', async ({ skip }) => {
    const disk = mountSmallDisk(join(scratch.dir, 'small'), '80m');
    if (disk === null) return skip('mounting is not allowed here');
    ends.push(() => disk.unmount());
    await mkdir(join(scratch.dir, 'small/home'));
    patient = await makePatient(join(scratch.dir, 'small/home'));
    const text = randomBytes(750_000).toString('base64');
    for (let n = 0; n < 22; n++) await writeFile(join(patient.dir, `file-${n}`), `${n}\n${text}`);
    await commitAll(patient.dir, 'files that git can pack');
    for (let n = 0; n < 22; n++) await rm(join(patient.dir, `file-${n}`));
    await healed('disk', /^only \d+ MiB free/);
  });

  test('read-only', async ({ skip }) => {
    const disk = mountSmallDisk(join(scratch.dir, 'small'), '100m');
    if (disk === null) return skip('mounting is not allowed here');
    ends.push(() => disk.unmount());
    await mkdir(join(scratch.dir, 'small/home'));
    patient = await makePatient(join(scratch.dir, 'small/home'));
    disk.remountReadOnly();
    const found = await patient.doctor();
    expect(found.check('disk')).toMatchObject({
      ok: false,
      detail: expect.stringContaining('EROFS'),
      fix: expect.stringContaining('writable'),
    });
    expect(found.status).toBe(6);
  });
});

test.each(['', '/held', '/outbox'])(
  'a file in the place of the folder coord%s is said beside all else',
  async (below) => {
    const path = join(patient.dir, '.git/coord', below);
    await rm(path, { recursive: true, force: true });
    await writeFile(path, '');
    const found = await patient.doctor('--fix');
    expect([found.status, found.error?.code]).toEqual([6, 'unavailable']);
    expect(found.failing).toContain(below === '' ? 'book' : 'claims');
    expect(found.check(found.failing.at(-1) ?? '')?.detail).toMatch(/^a file stands where a folder belongs: /);
    expect(found.check('hooks')?.ok).toBe(true);
    await rm(path);
    expect((await patient.doctor()).failing).toEqual([]);
  },
);

describe('the remote', () => {
  test('is away', async () => {
    await rename(patient.bare, `${patient.bare}.away`);
    const found = await patient.doctor();
    expect(found).toMatchObject({ status: 6, failing: ['remote'] });
    expect(found.check('remote')?.fix).toBe('git ls-remote origin');
    await rename(`${patient.bare}.away`, patient.bare);
    expect(await patient.type('git ls-remote origin')).toEqual([]);
  });

  test('refuses refs that are no branches', async () => {
    const hook = join(patient.bare, 'hooks/pre-receive');
    await writeFile(
      hook,
      '#!/bin/sh\nwhile read a b ref; do case $ref in refs/heads/*) ;; *) echo branches only >&2; exit 1;; esac; done\n',
    );
    await chmod(hook, 0o755);
    const found = await patient.doctor();
    expect([found.failing, found.status]).toEqual([['custom-refs'], 6]);
    expect(found.check('custom-refs')?.detail).toContain('branches only');
    expect(await patient.type(found.check('custom-refs')?.fix)).toEqual([]);
  });

  test('takes no pushes: an address for pushes that leads nowhere', async () => {
    await patient.git('config', 'remote.origin.pushurl', 'no-pushes');
    expect(await healed('push-rights', /you may not push .*no-pushes/, 6)).toBe(
      "git config --unset-all 'remote.origin.pushurl'",
    );
  });

  test('takes no pushes: a server of HTTP that has them switched off', async () => {
    const server = await startHttpBackend({ root: scratch.dir });
    ends.push(() => server.stop());
    await patient.git('config', 'remote.origin.url', server.url('remote.git'));
    await git(['config', 'http.receivepack', 'false'], { cwd: patient.bare });
    const found = await patient.doctor();
    expect([found.failing, found.status]).toEqual([['push-rights'], 6]);
    const [, command = ''] = found.check('push-rights')?.fix?.split('server of your own: ') ?? [];
    expect(command).toBe('git config http.receivepack true');
    await git(command.split(' ').slice(1), { cwd: patient.bare });
    expect((await patient.doctor()).failing).toEqual([]);
  });

  test('takes no pushes: no right to write there', async () => {
    await patient.git('config', 'remote.origin.receivepack', 'false');
    const found = await patient.doctor();
    expect([found.failing, found.status]).toEqual([['push-rights'], 6]);
    expect(found.check('push-rights')?.fix).toMatch(
      /^ask the owner of the remote for the right to push, or for the files/,
    );
    await patient.git('config', '--unset', 'remote.origin.receivepack');
    expect((await patient.doctor()).failing).toEqual([]);
  });

  test.each(['stale', 'nothing'] as const)('does not compare and swap (%s): the tasks go elsewhere', async (how) => {
    await patient.coord('add', 'A task', '--id', 'a');
    await putLiar(patient.dir, how);
    const found = await patient.doctor();
    expect([found.failing[0], found.status]).toEqual(['compare-and-swap', 6]);
    const [, commands = ''] = found.check('compare-and-swap')?.fix?.split('an address of yours: ') ?? [];
    const honest = await makeBareRepo(join(scratch.dir, 'honest.git'));
    expect(await patient.type(commands.replace('<address>', honest))).toEqual([]);
    expect((await patient.coord('show', 'a')).data.title).toBe('A task');
  });

  test.each([
    ['atomic', 'receive.advertiseAtomic', 'false'],
    ['deletes', 'receive.denyDeletes', 'true'],
    ['non-fast-forward', 'receive.denyNonFastForwards', 'true'],
  ])('%s is not allowed', async (id, key, value) => {
    await patient.git('config', 'coord.prefix', 'refs/heads/coord/');
    await patient.coord('init', '--yes');
    await git(['config', key, value], { cwd: patient.bare });
    const found = await patient.doctor();
    expect([found.failing, found.status]).toEqual([[id], 0]);
    const [, command = ''] = found.check(id)?.fix?.split(': ') ?? [];
    await git(command.split(' ').slice(1), { cwd: patient.bare });
    expect((await patient.doctor()).failing).toEqual([]);
  });

  test('limits pushes: beats that are too many for the host', async () => {
    patient.env.COORD_DAEMON = undefined;
    await patient.git('config', 'remote.origin.url', 'https://github.com/team/project');
    await patient.git('config', `url.${patient.bare}.insteadOf`, 'https://github.com/team/project');
    await patient.git('config', 'coord.claimTtl', '20s');
    expect(await healed('limits', 'beats 9 times a minute; github.com recommends at most 6')).toBe(
      'git config coord.claimTtl auto',
    );
  });

  test('limits pushes: more in a minute than the host recommends', async () => {
    await patient.git('config', 'remote.origin.url', 'https://github.com/team/project');
    await patient.git('config', `url.${patient.bare}.insteadOf`, 'https://github.com/team/project');
    const line = { at: new Date().toISOString(), op: 'claim', result: 'ok', ms: 1, pushes: 7 };
    const path = join(patient.dir, '.git/coord/metrics.ndjson');
    await writeFile(path, `${JSON.stringify(line)}\n`);
    expect((await patient.doctor()).check('limits')).toMatchObject({
      ok: false,
      fix: expect.stringMatching(/^wait a minute/),
    });
    await writeFile(path, `${JSON.stringify({ ...line, at: new Date(Date.now() - 61_000).toISOString() })}\n`);
    expect((await patient.doctor()).failing).toEqual([]);
  });
});

describe('the book', () => {
  test('is gone, with all tasks: push --mirror from a clone without it', async () => {
    await patient.coord('add', 'A task', '--id', 'a');
    const other = join(scratch.dir, 'other');
    await git(['init', '--quiet', other], { cwd: scratch.dir });
    await git(['commit', '--quiet', '--allow-empty', '-m', 'x'], { cwd: other });
    await git(['push', '--quiet', '--mirror', patient.bare], { cwd: other });
    const found = await patient.doctor();
    expect([found.failing, found.status]).toEqual([['book', 'history'], 6]);
    expect(await patient.type(found.check('book')?.fix)).toEqual([]);
    expect((await patient.coord('show', 'a')).data.state).toBe('open');
  });

  test('lost a task', async () => {
    for (const id of ['a', 'b']) await patient.coord('add', 'A task', '--id', id);
    await git(['update-ref', '-d', 'refs/board/a'], { cwd: patient.bare });
    await healed('history', /: a$/, 6);
    expect((await patient.coord('show', 'a')).data.state).toBe('open');
  });

  test('is another one', async () => {
    await git(['update-ref', '-d', 'refs/coord/format'], { cwd: patient.bare });
    const other = join(scratch.dir, 'other');
    await git(['clone', '--quiet', patient.bare, other], { cwd: scratch.dir });
    await patient.coord('-C', other, 'init');
    const found = await patient.doctor();
    expect([found.failing, found.status]).toEqual([['book'], 6]);
    // what this clone has seen of the lost one may be all that there is of it
    const { error } = await patient.coord('init');
    expect([found.check('book')?.fix, error?.next.at(-1)]).toEqual(['git coord init', 'git coord init --yes']);
    expect(await patient.type(error?.next.at(-1))).toEqual([]);
  });

  test.each(['remote', 'local'] as const)('(%s) has notes that can not be read', async (how) => {
    if (how === 'local') {
      await mkdir(join(scratch.dir, 'local'));
      patient = await makePatient(join(scratch.dir, 'local'), 'local');
    }
    const at = how === 'local' ? patient.dir : patient.bare;
    await patient.coord('add', 'A task', '--id', 'a');
    const before = await git(['rev-parse', 'refs/board/a'], { cwd: at });
    const tree = await git(['rev-parse', `${before}^{tree}`], { cwd: at });
    const broken = await git(['commit-tree', '-p', before, '-m', 'broken', tree], { cwd: at });
    await git(['update-ref', 'refs/board/a', broken], { cwd: at });
    await git(['update-ref', "refs/board/it's", broken], { cwd: at });
    await git(['update-ref', 'refs/agents/nobody', broken], { cwd: at });
    await healed('notes', /refs\/board\/a: it carries no JSON note/);
    expect((await patient.coord('show', 'a')).data.title).toBe('A task');
    const left = await git(['for-each-ref', '--format=%(refname)', 'refs/board', 'refs/agents'], { cwd: at });
    expect(left.split('\n')).not.toContain('refs/agents/nobody');
  });

  test('has notes of a newer version, which are left alone', async () => {
    const tree = await git(['hash-object', '-w', '-t', 'tree', '/dev/null'], { cwd: patient.bare });
    const oid = await git(['commit-tree', '-m', 'x\n\n{"v":9,"kind":"task"}', tree], { cwd: patient.bare });
    await git(['update-ref', 'refs/board/newer', oid], { cwd: patient.bare });
    const found = await patient.doctor();
    expect(found.failing).toEqual(['notes']);
    expect(found.check('notes')?.fix).toBe('install the newest git-coord here');
  });

  test('was fetched into the clone', async () => {
    await patient.coord('add', 'A task', '--id', 'a');
    await patient.git('fetch', '--quiet', 'origin', '+refs/*:refs/*');
    await healed('copies', /refs\/board\/a/);
    expect((await patient.coord('show', 'a')).status).toBe(0);
  });
});

describe('claims of agents that are gone', () => {
  beforeEach(async () => {
    patient.env.COORD_AGENT = 'dead';
    expect((await patient.coord('claim', 'a', '--ttl', '3s')).status).toBe(0);
    patient.env.COORD_AGENT = 'living';
    await waitFor(async () => (await patient.doctor()).failing.length > 0, { deadlineMs: 30_000, what: 'a finding' });
  });

  test('by the command', async () => {
    expect(await healed('claims', /a \(dead, not moved for \d+s\)/)).toBe('git coord sweep');
    expect((await patient.coord('show', 'a')).data.state).toBe('open');
  });

  test('by --fix', async () => {
    await fixed('claims');
    expect((await patient.coord('show', 'a')).data.state).toBe('open');
  });
});

describe('one name for two', () => {
  beforeEach(() => {
    patient.env.COORD_AGENT = 'ci';
  });

  test('another session of it holds a task', async () => {
    await patient.coord('claim', 'a');
    patient.env.COORD_SESSION = 'another';
    expect(await healed('sessions', /^session \S+ of ci holds a$/)).toBe('export COORD_AGENT=ci-2');
    expect((await patient.doctor('--agent', 'ci')).check('sessions')?.fix).toBe('git coord doctor --agent ci-2');
  });

  test('another clone, under the very same session', async () => {
    patient.env.COORD_SESSION = '1';
    await cp(patient.dir, join(scratch.dir, 'other'), { recursive: true });
    await patient.coord('-C', join(scratch.dir, 'other'), 'claim', 'a');
    await healed('sessions', /another clone holds a under this very session 1/);
  });

  test('two processes of one session', async () => {
    patient.env.COORD_SESSION = 'same';
    for (let n = 0; n < 2; n++) {
      const child: ChildProcess = spawn('sleep', ['600'], { stdio: 'ignore' });
      ends.push(() => child.kill('SIGKILL'));
      const entry = { session: 'same', agent: 'ci', pid: child.pid ?? 0, tool: 'test' };
      expect(await recordSession(join(patient.dir, '.git/coord'), entry)).toBe(true);
    }
    await healed('sessions', /are both session same/);
  });
});

test('clock: a wrong one is said, and is no fault', async () => {
  const at = new Date(Date.now() + 3 * 3_600_000).toISOString();
  await patient.coord('add', 'A task', '--id', 'a');
  const text = await git(['log', '-1', '--format=%B', 'refs/board/a'], { cwd: patient.bare });
  const note = text.replace(/"at": "[^"]*"/, `"at": "${at}"`);
  const tree = await git(['rev-parse', 'refs/board/a^{tree}'], { cwd: patient.bare });
  const oid = await git(['commit-tree', '-p', 'refs/board/a', '-m', note, tree], { cwd: patient.bare });
  await git(['update-ref', 'refs/board/a', oid], { cwd: patient.bare });
  const found = await patient.doctor();
  expect([found.failing, found.check('clock')?.ok]).toEqual([[], true]);
  expect(found.check('clock')?.detail).toMatch(/^a was last changed (3h|2h59m).* no claim depends on it/);
});

test('locks, by --fix', async () => {
  await writeFile(join(patient.dir, '.git/packed-refs.lock'), '');
  await fixed('locks');
});

test('locks, by --fix of `git coord`: the git that waits for it holds none', async () => {
  await writeFile(join(patient.dir, '.git/packed-refs.lock'), '');
  expect(await patient.type('git coord doctor --fix')).toEqual([]);
});

test('locks that a living process has open are its own', async () => {
  const file = await open(join(patient.dir, '.git/packed-refs.lock'), 'w');
  ends.push(() => file.close());
  expect(await patient.doctor('--fix')).toMatchObject({ failing: [], data: { fixed: [] } });
});

test('locks of a git that is stopped in the middle are its own, until it is gone', async () => {
  const child = spawn('git', ['update-ref', '--stdin'], { cwd: patient.dir, stdio: ['pipe', 'pipe', 'ignore'] });
  ends.push(() => child.kill('SIGKILL'));
  const oid = await patient.git('hash-object', '-w', '.git/config');
  child.stdin.write(`start\ncreate refs/board/x ${oid}\nprepare\n`);
  const lock = join(patient.dir, '.git/refs/board/x.lock');
  await waitFor(() => existsSync(lock), { what: 'the lock' });
  child.kill('SIGSTOP');
  const found = await patient.doctor('--fix');
  expect([found.failing, found.status, found.data.fixed]).toEqual([['locks'], 6, []]);
  expect(found.check('locks')?.detail).toContain(`git (process ${child.pid}) is in the middle of something here`);
  child.kill('SIGCONT');
  child.stdin.end('commit\n');
  await once(child, 'close');
  expect(await patient.git('rev-parse', 'refs/board/x')).toBe(oid);
  await patient.git('update-ref', '-d', 'refs/board/x');
  await writeFile(lock, '');
  await fixed('locks');
});

test('locks, by the command', async () => {
  await writeFile(join(patient.dir, '.git/packed-refs.lock'), '');
  await healed('locks', /packed-refs\.lock/, 6);
});

describe('hooks', () => {
  test.each(['by the command', 'by --fix'])('are missing: %s', async (how) => {
    await patient.coord('hooks', 'uninstall');
    if (how === 'by --fix') return fixed('hooks');
    expect(await healed('hooks', 'pre-commit is missing')).toBe('git coord hooks install');
  });

  test('are outdated', async () => {
    await writeFile(join(patient.dir, '.git/hooks/git-coord'), '#!/bin/sh\nexit 0\n');
    await healed('hooks', 'pre-commit is outdated');
  });

  test('are not wanted', async () => {
    await patient.coord('hooks', 'uninstall');
    await patient.git('config', 'coord.hooks.policy', 'off');
    expect((await patient.doctor()).failing).toEqual([]);
  });

  test('in a folder of the work tree are left to its owner', async () => {
    await patient.git('config', 'core.hooksPath', '.githooks');
    const found = await patient.doctor('--fix');
    expect([found.failing, found.data.fixed]).toEqual([['hooks'], []]);
    await healed('hooks', 'pre-commit is missing');
  });
});

describe('daemon', () => {
  const coordDir = () => join(patient.dir, '.git/coord');
  let other: BuiltCli | undefined;
  afterAll(() => other?.remove());
  const file = () => parseDaemonFile(readDaemonText(coordDir()));
  beforeEach(async () => {
    patient.env.COORD_DAEMON = undefined;
    ends.push(() => patient.coord('daemon', 'stop'));
    expect((await patient.coord('claim', 'a', '--ttl', '10m')).status).toBe(0);
    await waitFor(() => file() !== null, { what: 'a daemon' });
    await waitFor(async () => (await patient.coord('daemon', 'status')).data.pid !== null, { what: 'its answer' });
  });

  const faults: [string, string, number, () => Promise<void>][] = [
    ['was killed', '1 claim is held here, and no daemon runs', 0, async () => {
      process.kill(file()?.pid ?? 0, 'SIGKILL');
      await waitFor(async () => !(await patient.coord('daemon', 'status')).data.running, { what: 'its end' });
    }],
    ['does not answer', 'does not answer', 6, async () => {
      process.kill(file()?.pid ?? 0, 'SIGSTOP');
    }],
    ['is of another version', 'is of version 0.0.1', 0, async () => {
      await patient.coord('daemon', 'stop');
      other ??= await buildCli('0.0.1');
      await promisify(execFile)(process.execPath, [other.entry, 'daemon', 'start'], { cwd: patient.dir });
    }],
  ]; // biome-ignore format: a table

  test.each(faults)(
    '%s: by the command',
    async (_, detail, status, make) => {
      await make();
      await healed('daemon', detail, status);
    },
    180_000,
  ); // one that does not answer is given 10 s to end

  test.each(faults.filter(([name]) => name !== 'does not answer'))(
    '%s: by --fix',
    async (_, _detail, _status, make) => {
      const { pid } = file() ?? {};
      await make();
      await fixed('daemon');
      expect((await patient.coord('daemon', 'status')).data.running).toBe(true);
      expect(file()?.pid).not.toBe(pid);
    },
  );
});
