// What breaks: connections, stores, servers that say no, books that went back.
import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewCommit, RefUpdate, Transport } from '../../src/transport/port.ts';
import { makeCommit } from '../helpers/commits.ts';
import { type Clients, makeClients, storeOf } from '../helpers/git-clients.ts';
import { type HttpBackend, type HttpBackendOptions, startHttpBackend } from '../helpers/http-backend.ts';
import { git, makeBareRepo } from '../helpers/repo.ts';
import { startTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { waitFor } from '../helpers/wait-for.ts';

const run = promisify(execFile);
const board = 'refs/board/a';
const claim = 'refs/claims/a';

let clients: Clients;
let bare: string;
const cleanups: (() => Promise<void>)[] = [];

beforeEach(async () => {
  clients = await makeClients();
  bare = await makeBareRepo(join(clients.dir, 'remote.git'));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  await clients.close();
});

async function swap(transport: Transport, updates: readonly RefUpdate[], objects: readonly NewCommit[], atomic = true) {
  const report = await transport.compareAndSwap(updates, { atomic, objects });
  return { ...report, said: updates.map(({ ref }) => report.answers.get(ref)) };
}

async function create(transport: Transport, ref: string, parents: readonly string[] = []): Promise<NewCommit> {
  const made = makeCommit({ parents });
  const { said, message } = await swap(transport, [{ ref, from: null, to: made.oid }], [made]);
  expect(said, message).toEqual(['applied']);
  return made;
}

const onServer = (ref: string) => git(['rev-parse', '--verify', ref], { cwd: bare });

describe('a connection', () => {
  let proxy: TcpProxy;
  let http: HttpBackend;

  beforeEach(async () => {
    http = await startHttpBackend({ root: clients.dir });
    proxy = await startTcpProxy({ targetPort: http.port });
    cleanups.push(() => proxy.stop(), http.stop);
  });

  const through = async (timeoutMs = 20_000) =>
    clients.open(await clients.clone(`http://127.0.0.1:${proxy.port}/remote.git`), { timeoutMs });

  test('that loses the reply: unknown, and the next list shows what was applied (trap 5)', async () => {
    const transport = await through();
    const [task, hold] = [makeCommit(), makeCommit()];
    const updates = [
      { ref: board, from: null, to: task.oid },
      { ref: claim, from: null, to: hold.oid },
    ];
    proxy.faults.loseReply = { request: 'POST ', reply: 'unpack ok' };
    expect((await swap(transport, updates, [task, hold])).said).toEqual(['unknown', 'unknown']);
    // libcurl sends a request again when a reused connection dies before the first byte of the answer
    expect(proxy.lostReplies).toBeGreaterThan(0);
    proxy.faults.loseReply = null;
    // the same push again: the remote has the values already, which is no win by itself
    expect((await swap(transport, updates, [task, hold])).said).toEqual(['conflict', 'conflict']);
    const { refs } = await transport.list([board, claim]);
    expect(Object.fromEntries(refs)).toEqual({ [board]: task.oid, [claim]: hold.oid });
  });

  test('that hangs is given up in time: unknown, then unavailable', async () => {
    const transport = await through(1500);
    await create(transport, board);
    const made = makeCommit();
    proxy.faults.holdFrom = 'POST ';
    const startMs = performance.now();
    expect((await swap(transport, [{ ref: claim, from: null, to: made.oid }], [made])).said).toEqual(['unknown']);
    await expect(transport.list([claim])).rejects.toMatchObject({ code: 'unavailable' });
    expect(performance.now() - startMs).toBeLessThan(15_000);
  });

  test('whose bytes come late can not recreate what was released meanwhile (trap 6)', async () => {
    const transport = await through(1500);
    const task = await create(transport, board);
    const other = clients.open(await clients.clone(bare));
    await other.list([board]);
    const late = makeCommit({ parents: [task.oid] });
    const hold = makeCommit({ parents: [late.oid] });
    proxy.faults.holdFrom = 'POST ';
    const updates = [
      { ref: board, from: task.oid, to: late.oid },
      { ref: claim, from: null, to: hold.oid },
    ];
    expect((await swap(transport, updates, [late, hold])).said).toEqual(['unknown', 'unknown']);
    const next = makeCommit({ parents: [task.oid] });
    await swap(other, [{ ref: board, from: task.oid, to: next.oid }], [next]);
    const requests = http.requests.length;
    proxy.deliver();
    await waitFor(() => http.requests.length > requests, { what: 'the late push arrives' });
    await waitFor(() => proxy.heldBytes === 0, { what: 'all bytes are delivered' });
    // a later push through the same server is served after it
    await create(other, 'refs/claims/after');
    expect(await onServer(board)).toBe(next.oid);
    await expect(onServer(claim)).rejects.toThrow();
  });

  test('that is not there: unsent, and never an empty list (trap 30)', async () => {
    const transport = await through();
    await create(transport, board);
    proxy.faults.refuse = true;
    const made = makeCommit();
    expect((await swap(transport, [{ ref: claim, from: null, to: made.oid }], [made])).said).toEqual(['unsent']);
    await expect(transport.list([board])).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('that breaks off an answer: never an empty list', async () => {
    const transport = await through();
    await create(transport, board);
    for (const bytes of [0, 200, 600, 900]) {
      proxy.faults.cutAnswerAfterBytes = bytes;
      const shown = await transport.list([board]).then(
        ({ refs }) => refs.size,
        (error: unknown) => (error as { code?: string }).code,
      );
      expect([1, 'unavailable']).toContain(shown);
    }
  });
});

test('eight clients over HTTP race for one ref: one is told that it won', async () => {
  const http = await startHttpBackend({ root: clients.dir });
  cleanups.push(http.stop);
  const racers = await Promise.all(
    Array.from({ length: 8 }, async () => clients.open(await clients.clone(http.url('remote.git')))),
  );
  const results = await Promise.all(
    racers.map(async (transport) => {
      const made = makeCommit();
      const { said } = await swap(transport, [{ ref: claim, from: null, to: made.oid }], [made]);
      return { said: said[0], oid: made.oid };
    }),
  );
  const winners = results.filter(({ said }) => said === 'applied');
  expect(results.filter(({ said }) => said === 'conflict')).toHaveLength(7);
  expect(winners.map(({ oid }) => oid)).toEqual([await onServer(claim)]);
});

describe('a server that says no', () => {
  let transport: Transport;

  beforeEach(async () => {
    transport = clients.open(await clients.clone(bare));
  });

  const hook = async (name: string, body: string) => {
    await mkdir(join(bare, 'hooks'), { recursive: true });
    await writeFile(join(bare, 'hooks', name), `#!/bin/sh\n${body}\n`);
    await chmod(join(bare, 'hooks', name), 0o755);
  };

  test.each([
    ['update', `[ "$1" = ${claim} ] || exit 0; echo "no claims today"; exit 1`],
    ['pre-receive', 'echo "no claims today"; exit 1'],
    ['reference-transaction', '[ "$1" = prepared ] || exit 0; echo "no claims today" >&2; exit 1'],
  ])('by its %s hook: refused, in its words', async (name, body) => {
    await hook(name, body);
    const [task, hold] = [makeCommit(), makeCommit()];
    const updates = [
      { ref: board, from: null, to: task.oid },
      { ref: claim, from: null, to: hold.oid },
    ];
    const { said, message } = await swap(transport, updates, [task, hold]);
    expect(said).toEqual(['refused', 'refused']);
    expect(message).toContain('no claims today');
    expect((await transport.list([board, claim])).refs.size).toBe(0);
  });

  test('because it is read-only: unsent over HTTP, in its words', async () => {
    const http = await startHttpBackend({ root: clients.dir });
    cleanups.push(http.stop);
    await git(['config', 'http.receivepack', 'false'], { cwd: bare });
    const readOnly = clients.open(await clients.clone(http.url('remote.git')));
    const made = makeCommit();
    const { said, message } = await swap(readOnly, [{ ref: claim, from: null, to: made.oid }], [made]);
    expect(said).toEqual(['unsent']);
    expect(message).toContain('403');
    expect((await readOnly.list([claim])).refs.size).toBe(0);
  });

  test('because of locks that stay: conflict, naming the lock file', async () => {
    const task = await create(transport, board);
    const held = await create(transport, claim);
    const next = makeCommit({ parents: [task.oid] });
    await writeFile(join(bare, `${board}.lock`), '');
    const renewed = await swap(transport, [{ ref: board, from: task.oid, to: next.oid }], [next]);
    expect(renewed.said).toEqual(['conflict']);
    expect(renewed.locks).toEqual([join(bare, `${board}.lock`)]);
    await rm(join(bare, `${board}.lock`));
    await writeFile(join(bare, 'packed-refs.lock'), '');
    const release = [
      { ref: board, from: task.oid, to: next.oid },
      { ref: claim, from: held.oid, to: null },
    ];
    const released = await swap(transport, release, [next]);
    expect(released.said).toEqual(['conflict', 'conflict']);
    expect(released.locks).toEqual([join(bare, 'packed-refs.lock')]);
    await rm(join(bare, 'packed-refs.lock'));
    expect((await swap(transport, release, [next])).said).toEqual(['applied', 'applied']);
  });
});

describe('the store', () => {
  test.each(['deleted', 'emptied', 'without objects', 'with empty objects', 'with a broken ref', 'with locks'])(
    '%s under a living transport: made anew from the remote',
    async (damage) => {
      const clone = await clients.clone(bare);
      const store = storeOf(clone);
      const transport = clients.open(clone);
      const task = await create(transport, board);
      const { refs } = await transport.list([board]);
      await transport.read([...refs.values()]);
      const object = join(store, 'objects', task.oid.slice(0, 2), task.oid.slice(2));
      const tracking = join(store, 'refs/coord/remote/board/a');
      if (damage === 'deleted' || damage === 'emptied') await rm(store, { recursive: true });
      if (damage === 'emptied') await mkdir(store);
      if (damage === 'without objects') await rm(object);
      if (damage === 'with empty objects') {
        await chmod(object, 0o644);
        await writeFile(object, '');
      }
      if (damage === 'with a broken ref') await writeFile(tracking, '');
      if (damage === 'with locks') await writeFile(`${tracking}.lock`, '');
      if (damage === 'with locks') await git(['update-ref', '-d', board], { cwd: bare });
      if (damage !== 'with locks') {
        expect((await transport.read([task.oid])).get(task.oid)).toMatchObject({ parents: [] });
        expect(Object.fromEntries((await transport.list([board])).refs)).toEqual({ [board]: task.oid });
        const next = makeCommit({ parents: [task.oid] });
        expect((await swap(transport, [{ ref: board, from: task.oid, to: next.oid }], [next])).said).toEqual([
          'applied',
        ]);
      } else expect((await transport.list([board])).refs.size).toBe(0);
      expect((await readdir(join(clone, '.git', 'coord'))).sort()).toEqual(['store.git']);
    },
  );

  test('damaged between a list and a push: the push mends it', async () => {
    const clone = await clients.clone(bare);
    const transport = clients.open(clone);
    const task = await create(transport, board);
    await transport.list([board]);
    await rm(storeOf(clone), { recursive: true });
    const next = makeCommit({ parents: [task.oid] });
    expect((await swap(transport, [{ ref: board, from: task.oid, to: next.oid }], [next])).said).toEqual(['applied']);
  });

  test('shared by several processes that list and push at once: none fails', async () => {
    const clone = await clients.clone(bare);
    const outfile = join(clients.dir, 'list-loop.mjs');
    const entry = join(import.meta.dirname, '..', 'helpers', 'list-loop.ts');
    await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
    const refs = ['refs/board/a', 'refs/board/b', 'refs/claims/c'];
    await Promise.all(refs.map((ref) => run(process.execPath, [outfile, clone, ref, '8'])));
    expect(await git(['for-each-ref', '--format=%(refname)'], { cwd: bare })).toBe(refs.join('\n'));
  });

  test("a lock that a killed process left doesn't stop the next", async () => {
    const clone = await clients.clone(bare);
    const transport = clients.open(clone);
    await create(transport, board);
    await writeFile(join(clone, '.git', 'coord', 'fetch.lock'), '999999999 1 left-behind\n');
    expect((await transport.list([board])).refs.size).toBe(1);
  });
});

describe('a book that went back', () => {
  let transport: Transport;
  let clone: string;
  let tips: readonly [NewCommit, NewCommit];

  beforeEach(async () => {
    clone = await clients.clone(bare);
    transport = clients.open(clone);
    const first = await create(transport, board);
    const second = makeCommit({ parents: [first.oid] });
    await swap(transport, [{ ref: board, from: first.oid, to: second.oid }], [second]);
    tips = [first, second];
  });

  const wentBack = async (by = transport) => [...(await by.list(['refs/board/', claim])).wentBack];

  test('is noticed: rewound, replaced, gone; and when it has recovered', async () => {
    expect(await wentBack()).toEqual([]);
    await git(['update-ref', board, tips[0].oid], { cwd: bare });
    expect(await wentBack()).toEqual([board]);
    // another process of the same clone knows it too
    expect(await wentBack(clients.open(clone))).toEqual([board]);
    await git(['update-ref', '-d', board], { cwd: bare });
    expect(await wentBack()).toEqual([board]);
    await git(['update-ref', board, tips[1].oid], { cwd: bare });
    expect(await wentBack()).toEqual([]);
  });

  test('before anything was listed: our own push is remembered', async () => {
    await git(['update-ref', '-d', board], { cwd: bare });
    expect(await wentBack()).toEqual([board]);
  });

  test('a value that another process of the clone pushed during the fetch is no such thing', async () => {
    await transport.list([board]);
    const third = makeCommit({ parents: [tips[1].oid] });
    const other = clients.open(clone);
    let pushed: Promise<{ said: unknown[] }> | undefined;
    // the server's answer to the first fetch is made, then held until the newer value is pushed and noted
    const holdOnce: HttpBackendOptions['onAnswer'] = async () => {
      pushed ??= swap(other, [{ ref: board, from: tips[1].oid, to: third.oid }], [third]);
      expect((await pushed).said).toEqual(['applied']);
    };
    const http = await startHttpBackend({ root: clients.dir, onAnswer: holdOnce });
    cleanups.push(http.stop);
    const listing = clients.open(clone, { remote: http.url('remote.git') });
    const shown = await listing.list(['refs/board/']);
    expect([...shown.wentBack]).toEqual([]);
    expect(shown.refs.get(board)).toBe(third.oid);
  });

  test('claims may come and go', async () => {
    const held = await create(transport, claim);
    expect(await wentBack()).toEqual([]);
    await git(['update-ref', '-d', claim, held.oid], { cwd: bare });
    expect(await wentBack()).toEqual([]);
  });
});
