import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeRequest, parseReport } from '../../../src/transport/git/receive-pack.ts';
import { serviceTarget } from '../../../src/transport/git/service-target.ts';
import type { ConfigEntry } from '../../../src/transport/git-config.ts';

const line = (text: string) => (text.length + 4).toString(16).padStart(4, '0') + text;
const banded = (band: number, text: string) => line(String.fromCharCode(band) + text);
const report = (...lines: string[]) => banded(1, `${lines.map((text) => line(`${text}\n`)).join('')}0000`);

test('the request names every old value, and says what is wished for once', () => {
  const [a, b] = ['a'.repeat(40), 'b'.repeat(40)];
  const updates = [
    { ref: 'refs/board/x', from: null, to: a },
    { ref: 'refs/claims/x', from: b, to: null },
  ];
  const request = encodeRequest({ updates, atomic: true, objectFormat: 'sha1' });
  const none = '0'.repeat(40);
  const wishes = '\0 report-status side-band-64k atomic';
  expect(request.toString('latin1')).toBe(
    `${line(`${none} ${a} refs/board/x${wishes}`)}${line(`${b} ${none} refs/claims/x`)}0000`,
  );
});

test('a report is read across packets, with the words of the server beside it', () => {
  const whole = line('unpack ok\n') + line('ok refs/a\n') + line('ng refs/b failed to update ref\n');
  const bytes = Buffer.from(
    `${banded(1, whole.slice(0, 20))}${banded(2, 'a hook said\n')}${banded(1, `${whole.slice(20)}0000`)}0000`,
  );
  const { refs, unpack, words } = parseReport(bytes);
  expect({ unpack, words }).toEqual({ unpack: 'ok', words: 'a hook said\n' });
  expect([...refs]).toEqual([
    ['refs/a', null],
    ['refs/b', 'failed to update ref'],
  ]);
});

test('a report that breaks off, or is none, says nothing of what it lacks', () => {
  const whole = Buffer.from(report('unpack ok', 'ok refs/a', 'ok refs/b'));
  for (let length = 0; length < whole.length - 1; length++)
    expect(parseReport(whole.subarray(0, length)).refs.size).toBe(0);
  fc.assert(fc.property(fc.uint8Array(), (bytes) => parseReport(Buffer.from(bytes)).unpack !== 'ok'));
});

describe('where a push may be handed to the service by ourselves', () => {
  const at = (url: string): ConfigEntry => ({ scope: 'local', key: 'remote.origin.url', value: url });
  const entry = (key: string, value: string | null = 'x'): ConfigEntry => ({ scope: 'local', key, value });
  const http = at('http://host.example/team/repo.git/');
  const pushTarget = (entries: readonly ConfigEntry[], env: NodeJS.ProcessEnv) =>
    serviceTarget({ service: 'git-receive-pack', remote: 'origin', entries, env, cwd: '/' });

  test.each<[string, ConfigEntry[], NodeJS.ProcessEnv, string | null]>([
    ['a plain address', [http], {}, 'http://host.example/team/repo.git/git-receive-pack'],
    ['an encrypted one', [at('https://host.example/r')], {}, 'https://host.example/r/git-receive-pack'],
    [
      'certificates, which a plain one needn’t',
      [http, entry('http.sslcainfo')],
      { GIT_SSL_CAINFO: 'x' },
      'http://host.example/team/repo.git/git-receive-pack',
    ],
    ['certificates', [at('https://host.example/r'), entry('http.sslcainfo')], {}, null],
    ['certificates in the environment', [at('https://host.example/r')], { GIT_SSL_CAINFO: 'x' }, null],
    ['a path', [at('/srv/repo.git')], {}, '/srv/repo.git'],
    ['a path from here', [at('../repo.git')], {}, '../repo.git'],
    ['a path as an address', [at('file:///srv/repo.git')], {}, '/srv/repo.git'],
    ['a path on a named host', [at('file://host/srv/repo.git')], {}, null],
    ['an escaped path', [at('file:///srv/my%20repo.git')], {}, null],
    ['a folder of somebody', [at('~me/repo.git')], {}, null],
    ['a path that may be a host', [at('host:repo.git')], {}, null],
    ['a word that may be a remote', [at('repo.git')], {}, null],
    ['a program of its own at a path', [at('/r'), entry('remote.origin.receivepack')], {}, null],
    ['a program of its own for reads at a path', [at('/r'), entry('remote.origin.uploadpack')], {}, null],
    ['a policy that allows files', [at('/r'), entry('protocol.file.allow', 'always')], {}, '/r'],
    ['a policy on files', [at('/r'), entry('protocol.file.allow', 'never')], {}, null],
    ['ssh', [at('git@host.example:repo')], {}, null],
    ['a password in it', [at('https://me:secret@host.example/r')], {}, null],
    ['two of them', [http, http], {}, null],
    [
      'one for pushes',
      [at('/srv/repo.git'), entry('remote.origin.pushurl', 'http://host.example/r')],
      {},
      'http://host.example/r/git-receive-pack',
    ],
    ['a rewritten one', [http, entry('url.ssh://x.insteadof')], {}, null],
    ['a remote helper', [http, entry('remote.origin.vcs')], {}, null],
    ['cookies', [http, entry('http.cookiefile')], {}, null],
    ['a proxy', [http, entry('http.proxy')], {}, null],
    ['a proxy in the environment', [http], { HTTPS_PROXY: 'x' }, null],
    ['a trace', [http], { GIT_TRACE_CURL: '1' }, null],
    ['a policy', [http, entry('protocol.allow', 'never')], {}, null],
    ['a header taken away', [http, entry('http.extraheader', '')], {}, null],
    ['a header in letters that HTTP has not', [http, entry('http.extraheader', 'X-Who: 日本')], {}, null],
    ['a header twice', [http, entry('http.extraheader', 'X-A: 1'), entry('http.extraheader', 'x-a: 2')], {}, null],
    ['a header for another host', [http, entry('http.https://other.example/.extraheader', 'A: b')], {}, null],
  ])('%s', (_name, entries, env, url) => {
    const target = pushTarget(entries, env);
    expect(target && ('url' in target ? target.url.href : target.folder)).toBe(url);
  });

  test('headers for all, and for this host', () => {
    const headers = [
      entry('http.extraheader', 'X-One: 1'),
      entry('http.http://host.example/.extraheader', 'Authorization: Bearer t'),
    ];
    expect(pushTarget([http, ...headers], {})).toMatchObject({
      headers: [
        ['X-One', '1'],
        ['Authorization', 'Bearer t'],
      ],
    });
  });
});
