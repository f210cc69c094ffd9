// Outputs of git 2.39 against real repositories, abridged to what is read.
import { describe, expect, test } from 'vitest';
import { parsePush } from '../../../src/transport/git/parse-push.ts';
import type { RefAnswer } from '../../../src/transport/port.ts';

const a = 'refs/board/a';
const b = 'refs/claims/b';
const oid = '957ce4e9dfa750c034e4de5126f8ce9d76f3613a';
const lockedWords = (path: string) =>
  `remote: error: cannot lock ref '${a}': Unable to create '${path}': File exists.        \nremote: \nremote: Another git process seems to be running in this repository, e.g.        \nremote: remove the file manually to continue.        \nerror: failed to push some refs to '/srv/r.git'\n`;

interface Row {
  readonly name: string;
  readonly status?: number | null;
  readonly lines?: readonly string[];
  readonly stderr?: string;
  readonly timedOut?: boolean;
  readonly atomic?: boolean;
  readonly answers: readonly [RefAnswer, RefAnswer];
  readonly message?: string | RegExp;
  readonly locks?: readonly string[];
}

const rows: readonly Row[] = [
  {
    name: 'created, fast-forwarded',
    status: 0,
    lines: [`*\t${oid}:${a}\t[new reference]`, ` \t${oid}:${b}\t957ce4e..6cc7d40`],
    answers: ['applied', 'applied'],
    message: '',
  },
  {
    name: 'replaced, deleted',
    status: 0,
    lines: [`+\t${oid}:${a}\t6cc7d40...d8fb113 (forced update)`, `-\t:${b}\t[deleted]`],
    answers: ['applied', 'applied'],
    message: '',
  },
  {
    name: 'up to date is never applied, though git exits 0 (trap 1)',
    status: 0,
    lines: [`=\t${oid}:${a}\t[up to date]`, `*\t${oid}:${b}\t[new branch]`],
    answers: ['conflict', 'applied'],
    message: `${a}: up to date`,
  },
  {
    name: "the client's own check failed for one ref: the other was not sent",
    lines: [`!\t${oid}:${a}\t[rejected] (stale info)`, `!\t${oid}:${b}\t[rejected] (atomic push failed)`],
    stderr: `error: atomic push failed for ref ${a}. status: 7\n\nfatal: the remote end hung up unexpectedly\n`,
    answers: ['conflict', 'unsent'],
    message: /stale info/,
  },
  {
    name: 'a deletion at another value',
    lines: [`!\t(delete):${a}\t[rejected] (stale info)`, `-\t:${b}\t[deleted]`],
    atomic: false,
    answers: ['conflict', 'applied'],
  },
  {
    name: 'a lost race at the server (trap 4)',
    lines: [`!\t${oid}:${a}\t[remote rejected] (failed to update ref)`, `*\t${oid}:${b}\t[new reference]`],
    stderr: `remote: error: cannot lock ref '${a}': is at ${oid} but expected 6cc7d40fe439e7d45b44186f2370b47ab761146c        \n`,
    atomic: false,
    answers: ['conflict', 'applied'],
    message: /^refs\/board\/a: failed to update ref; error: cannot lock ref 'refs\/board\/a': is at /,
  },
  {
    name: 'a lost race at the server, atomic',
    lines: [
      `!\t${oid}:${a}\t[remote rejected] (atomic transaction failed)`,
      `!\t:${b}\t[remote rejected] (atomic transaction failed)`,
    ],
    answers: ['conflict', 'conflict'],
  },
  {
    name: 'words of newer and other servers for a lost race',
    lines: [
      `!\t${oid}:${a}\t[remote rejected] (incorrect old value provided)`,
      `!\t${oid}:${b}\t[remote rejected] (failed to lock)`,
    ],
    answers: ['conflict', 'conflict'],
  },
  {
    name: 'a lock that stays, named',
    lines: [
      `!\t${oid}:${a}\t[remote rejected] (atomic transaction failed)`,
      `!\t${oid}:${b}\t[remote rejected] (atomic transaction failed)`,
    ],
    stderr: lockedWords('/srv/r.git/./refs/board/a.lock'),
    answers: ['conflict', 'conflict'],
    locks: ['/srv/r.git/refs/board/a.lock'],
  },
  {
    name: 'a lock that can not be made at all is no lost race',
    lines: [
      `!\t${oid}:${a}\t[remote rejected] (atomic transaction failed)`,
      `!\t${oid}:${b}\t[remote rejected] (atomic transaction failed)`,
    ],
    stderr: `remote: error: cannot lock ref '${a}': Unable to create '/srv/r.git/./refs/board/a.lock': Permission denied        \n`,
    answers: ['refused', 'refused'],
    message: /Permission denied/,
  },
  {
    name: "a hook's no, and what it took down along",
    lines: [
      `!\t${oid}:${a}\t[remote rejected] (hook declined)`,
      `!\t${oid}:${b}\t[remote rejected] (atomic push failure)`,
    ],
    stderr: 'remote: not this one        \nremote: error: hook declined to update refs/board/a        \n',
    answers: ['refused', 'refused'],
    message: /not this one/,
  },
  {
    name: "a policy's no",
    lines: [
      `!\t${oid}:${a}\t[remote rejected] (deny updating a hidden ref)`,
      `!\t:${b}\t[remote rejected] (deletion prohibited)`,
    ],
    answers: ['refused', 'refused'],
  },
  {
    name: 'no room at the server',
    lines: [`!\t${oid}:${a}\t[remote rejected] (unpacker error)`, `!\t${oid}:${b}\t[remote rejected] (unpacker error)`],
    stderr: 'error: remote unpack failed: unable to create temporary object directory\n',
    answers: ['refused', 'refused'],
    message: /unable to create temporary object directory/,
  },
  {
    name: 'a report that lacks one ref',
    lines: [`*\t${oid}:${a}\t[new reference]`, `!\t${oid}:${b}\t[remote failure] (remote failed to report status)`],
    answers: ['applied', 'unknown'],
  },
  {
    name: 'two push URLs: applied when both say so',
    lines: [
      `*\t${oid}:${a}\t[new reference]`,
      `*\t${oid}:${b}\t[new reference]`,
      `!\t${oid}:${a}\t[rejected] (stale info)`,
      `*\t${oid}:${b}\t[new reference]`,
    ],
    answers: ['conflict', 'applied'],
  },
  {
    name: 'the lost reply (trap 5)',
    status: 128,
    stderr:
      'send-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly\n',
    answers: ['unknown', 'unknown'],
  },
  {
    name: 'the lost reply over HTTP',
    status: 1,
    stderr:
      'error: RPC failed; curl 52 Empty reply from server\nsend-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly\nEverything up-to-date\n',
    answers: ['unknown', 'unknown'],
  },
  {
    name: 'past the time limit, whatever was said',
    status: null,
    timedOut: true,
    stderr: 'fatal: Could not read from remote repository.\n',
    answers: ['unknown', 'unknown'],
    message: /time limit/,
  },
  {
    name: 'a server without atomic pushes',
    status: 128,
    stderr: 'fatal: the receiving end does not support --atomic push\nfatal: the remote end hung up unexpectedly\n',
    answers: ['refused', 'refused'],
    message: /does not support --atomic push/,
  },
  {
    name: "a server's reference-transaction hook",
    status: 128,
    stderr:
      'term is over\nfatal: ref updates aborted by hook\nsend-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly\n',
    answers: ['refused', 'refused'],
    message: /term is over/,
  },
  {
    name: "the same hook and refs that stand alone: the others' fate isn't known",
    status: 128,
    atomic: false,
    stderr: 'fatal: ref updates aborted by hook\nfatal: the remote end hung up unexpectedly\n',
    answers: ['unknown', 'unknown'],
  },
  ...[
    "fatal: unable to access 'http://127.0.0.1:1/x/': Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server",
    "fatal: unable to access 'http://nohost.invalid/x/': Could not resolve host: nohost.invalid",
    "fatal: unable to access 'http://h/x/': The requested URL returned error: 403",
    "remote: not found\nfatal: repository 'http://h/x/' not found",
    "remote: no\nfatal: Authentication failed for 'http://h/x/'",
    "fatal: could not read Username for 'http://h': terminal prompts disabled",
    "fatal: '/srv/none' does not appear to be a git repository\nfatal: Could not read from remote repository.",
    'ssh: connect to host h port 22: Connection refused\nfatal: Could not read from remote repository.',
    'error: src refspec 1234 does not match any',
  ].map(
    (words): Row => ({
      name: `not reached: ${words.slice(0, 60)}`,
      status: 128,
      stderr: words,
      answers: ['unsent', 'unsent'],
    }),
  ),
  { name: 'nothing said at all', status: 0, answers: ['unknown', 'unknown'] },
];

describe('what a push said', () => {
  test.each(rows)('$name', (row) => {
    const output = {
      status: row.status === undefined ? 1 : row.status,
      stdout: ['To /srv/r.git', ...(row.lines ?? []), 'Done', ''].join('\n'),
      stderr: row.stderr ?? '',
      timedOut: row.timedOut ?? false,
    };
    const { answers, message, locks } = parsePush(output, [a, b], row.atomic ?? true);
    expect([answers.get(a), answers.get(b)]).toEqual(row.answers);
    expect(locks).toEqual(row.locks ?? []);
    if (row.message instanceof RegExp) expect(message).toMatch(row.message);
    else if (row.message !== undefined) expect(message).toBe(row.message);
    expect(message).not.toMatch(/[\u0000-\u001f\u007f]/);
  });

  test('passwords of URLs are not repeated', () => {
    const stderr = "fatal: unable to access 'https://me:s3cret@h.invalid/x/': Could not resolve host\n";
    const { message } = parsePush({ status: 128, stdout: '', stderr, timedOut: false }, [a], true);
    expect(message).toContain('https://h.invalid/x/');
    expect(message).not.toContain('s3cret');
  });
});
