// `doctor --report`: what can be passed on, whatever is in the clone, its environment and what the remote says.
import { appendFile, chmod, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cleaner, inertJson } from '../../src/cli/report-words.ts';
import { makePatient, type Patient } from '../helpers/doctor.ts';
import { makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
let patient: Patient;
beforeEach(async () => {
  scratch = await makeScratch();
  patient = await makePatient(scratch.dir);
  patient.env.COORD_DAEMON = 'off';
});
afterEach(() => scratch.remove());

/** Each has a mark in it, so that a part of one is seen too. */
const secrets = {
  title: 'title-hush1',
  payload: 'payload-hush2',
  note: 'note-hush3',
  variable: 'variable-hush4',
  header: 'header-hush5',
  password: 'pass-hush6%40x',
  command: 'command-hush7',
  server: `ghp_${'hush8'.repeat(6)}`,
  logged: 'logged-hush9',
};
const report = async (name = 'git-coord-report.json') => readFile(join(patient.dir, name), 'utf8');

test('no secret is in it, what is hostile does nothing, and what helps is there', async () => {
  await patient.coord('add', secrets.title, '--id', 'a', '--payload', JSON.stringify({ key: secrets.payload }));
  await patient.coord('note', 'a', secrets.note);
  patient.env.DEPLOY_TOKEN = secrets.variable;
  patient.env.HOME = scratch.dir;
  await patient.git('config', 'http.extraHeader', `Authorization: Basic ${secrets.header}`);
  await patient.git('config', `url.${patient.bare}.insteadOf`, `https://anna:${secrets.password}@example.org/team`);
  await patient.git('config', 'remote.origin.url', `https://anna:${secrets.password}@example.org/team`);
  await patient.git('config', 'coord.quality.testCommand', `KEY=${secrets.command} npm test`);
  const hook = join(patient.bare, 'hooks/pre-receive');
  const hostile = '\x1b[31m\u202e\u009b2J</script><img src=x>```\n# heading [link](javascript:x)';
  const words = `${hostile} ${secrets.server} ${secrets.variable} https://anna:${secrets.password}@example.org/team`;
  await writeFile(hook, `#!/bin/sh\ncat >&2 <<'END'\n${words}\nEND\nexit 1\n`);
  await chmod(hook, 0o755);
  await appendFile(
    join(patient.dir, '.git/coord/daemon.log'),
    `x ${hostile}\nsaid by https://ben:${secrets.logged}@host.example/p ${secrets.header} password: ${secrets.logged}\n`,
  );
  const found = await patient.doctor('--report');
  expect(found).toMatchObject({
    status: 6,
    failing: ['custom-refs'],
    data: { report: join(patient.dir, 'git-coord-report.json') },
  });
  const text = await report();
  expect(text).not.toMatch(/hush|anna|ben:/);
  expect(text).not.toContain(scratch.dir);
  expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f<>&`\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
  const content = JSON.parse(text);
  expect(content).toMatchObject({
    kind: 'git-coord-report',
    v: 1,
    versions: { node: process.version },
    daemon: { kind: 'absent' },
  });
  const ids = content.checks.map(({ id }: { id: string }) => id);
  expect(ids).toEqual(found.data.checks.map(({ id }: { id: string }) => id));
  expect(content.log.at(-1)).toBe('said by https://host.example/… [hidden] [hidden]');
  expect(content.commands.join()).toContain('"op":"note"');
  expect(content.settings.find(({ key }: { key: string }) => key === 'quality.test_command').value).toBe('a command');
  expect(content.files.map(({ name }: { name: string }) => name)).toContain('store.git');
});

test('it is the reader of one alone, and nothing is written over', async () => {
  expect((await patient.doctor('--report', 'out.json')).data.report).toBe(join(patient.dir, 'out.json'));
  expect((await stat(join(patient.dir, 'out.json'))).mode & 0o777).toBe(0o600);
  const before = await report('out.json');
  const again = await patient.coord('doctor', '--report', 'out.json');
  expect([again.status, again.error?.next]).toEqual([7, ['git coord doctor --report out-2.json']]);
  await symlink(join(scratch.dir, 'elsewhere'), join(patient.dir, 'link.json'));
  expect((await patient.coord('doctor', '--report', 'link.json')).status).toBe(7);
  expect([await report('out.json'), await readlink(join(patient.dir, 'link.json'))]).toEqual([
    before,
    join(scratch.dir, 'elsewhere'),
  ]);
  expect((await patient.coord('doctor', '--report', 'no/folder.json')).error?.message).toMatch(
    /can't be written to .*ENOENT/,
  );
  expect(await patient.coord('doctor', 'out.json')).toMatchObject({ status: 2, error: { code: 'usage' } });
});

test('also of a configuration that can not be read', async () => {
  await patient.git('config', 'coord.claimTtl', 'soon');
  expect(await patient.doctor('--report')).toMatchObject({ status: 2, failing: ['config'] });
  expect(JSON.parse(await report())).toMatchObject({ settings: null, checks: [{ id: 'git' }, { id: 'config' }] });
});

const clean = cleaner({
  gitConfig: new Map([
    ['remote.origin.url', ["https://u:it's a/long one@h/x"]],
    ['url.https://tokentoken12@h/.insteadof', ['h:']],
  ]),
  env: { HOME: '/home/anna', API_KEY: 'a key of words', MODE_AUTH: 'remote' },
});
test.each([
  ['https://u:p@ss@h.example:8080/a?b=c#d', 'https://h.example/…'],
  ["'ssh://git@h/x' and file:///home/anna/x", "'ssh://h/… and file:///…"],
  ['git@h.example:team/x.git said', 'h.example:… said'],
  ["said it's a/long one", 'said [hidden]'],
  ['tokentoken12 and a key of words', '[hidden] and [hidden]'],
  ['Bearer abc.def, token=x password: y', '[hidden] [hidden] [hidden]'],
  [`glpat-${'x'.repeat(20)} AKIA${'A'.repeat(16)} eyJhbGciOi.eyJz.x`, '[hidden] [hidden] [hidden]'],
  ['/home/anna/project, on remote', '~/project, on remote'],
  ['plain words, refs/board/a: it carries no JSON note', 'plain words, refs/board/a: it carries no JSON note'],
  ['\x1b]0;title\x07a\u202eb\x1b[2Jc', 'abc'],
  ['x'.repeat(5000), `${'x'.repeat(2000)}…`],
])('%j is shown as %j', (text, shown) => {
  expect(clean(text)).toBe(shown);
});

test('JSON for a page, Markdown and a terminal', () => {
  const value = { '</script>': '```\u2028&\x9b' };
  expect(inertJson(value)).toBe('{\n  "\\u003c/script\\u003e": "\\u0060\\u0060\\u0060\\u2028\\u0026\\u009b"\n}\n');
  expect(JSON.parse(inertJson(value))).toEqual(value);
});

test.each([
  'say {"token": "hush and hush"} on',
  "say password = 'hush hush' on",
  'say \\"secret\\": \\"hush\\" on',
  'say Authorization: token hush on',
  'say npm_hushhushhushhushhush on',
  `say AIza${'hush'.repeat(9)} on`,
])('%s: hidden, and no more than that', (text) => {
  const clean = cleaner({ gitConfig: new Map(), env: {} })(text);
  expect(clean).toMatch(/^say .*\[hidden\].* on$/);
  expect(clean).not.toContain('hush');
});
