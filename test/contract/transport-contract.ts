/**
 * What every transport must do: one suite, run over each adapter and each kind of server. It asks for what the port
 * promises and no more, so an adapter may say `conflict` or `unsent` of the refs that an atomic request took down along.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeTree, parseTree } from '../../src/transport/objects/tree.ts';
import type {
  NewCommit,
  NewObject,
  Oid,
  RefUpdate,
  SwapOptions,
  SwapReport,
  Transport,
} from '../../src/transport/port.ts';
import { type CommitOptions, makeCommit } from '../helpers/commits.ts';

/** One empty book, made anew for each test. */
export interface ContractBook {
  readonly transport: Transport;
  /** Another client of the same book. The book's `close` closes it too. */
  second(): Promise<Transport>;
  /** The value of a ref, asked of the server itself. */
  verifyRef(ref: string): Promise<Oid | null>;
  /** Puts an object and a ref on it there, behind the transport's back. */
  plant(ref: string, type: 'blob' | 'tag' | 'commit', body: Buffer): Promise<Oid>;
  close(): Promise<void>;
}

/** What the server is known to allow. */
export interface ContractProfile {
  readonly atomic: boolean;
  readonly deletes: boolean;
  readonly nonFastForward: boolean;
}

export const everythingAllowed: ContractProfile = { atomic: true, deletes: true, nonFastForward: true };

const claim = 'refs/claims/a';
const board = 'refs/board/a';

/** A case that a profile rules out isn't one of that profile's: it is left out, not skipped. */
const testIf = (applies: boolean) => (name: string, body: () => Promise<void>) => {
  if (applies) test(name, body);
};
const describeIf = (applies: boolean) => (name: string, body: () => void) => {
  if (applies) describe(name, body);
};

export function transportContract(
  name: string,
  setup: () => Promise<ContractBook>,
  profile: ContractProfile = everythingAllowed,
): void {
  describe(`the transport contract: ${name}`, () => {
    let book: ContractBook;
    let transport: Transport;

    beforeEach(async () => {
      book = await setup();
      transport = book.transport;
    });
    afterEach(() => book.close());

    const commit = (options: CommitOptions = {}) => makeCommit({ objectFormat: transport.objectFormat, ...options });

    async function swap(
      updates: readonly RefUpdate[],
      objects: readonly NewObject[] = [],
      options: Partial<SwapOptions> = {},
      through: Transport = transport,
    ): Promise<SwapReport> {
      const report = await through.compareAndSwap(updates, { atomic: false, objects, ...options });
      expect([...report.answers.keys()].sort()).toEqual(updates.map(({ ref }) => ref).sort());
      expect(report.message).not.toMatch(/[\x00-\x1f\x7f]/);
      return report;
    }

    async function answer(update: RefUpdate, objects: readonly NewObject[] = [], through?: Transport) {
      return (await swap([update], objects, {}, through)).answers.get(update.ref);
    }

    const valuesOf = async (refs: readonly string[]) => Object.fromEntries(await transport.values(refs));

    async function create(ref: string, made: NewCommit = commit()): Promise<NewCommit> {
      expect(await answer({ ref, from: null, to: made.oid }, [made])).toBe('applied');
      return made;
    }

    async function listed(patterns: readonly string[], through: Transport = transport) {
      return Object.fromEntries((await through.list(patterns)).refs);
    }

    describe('one ref', () => {
      test('is created where there is none', async () => {
        const made = await create(claim);
        expect(await book.verifyRef(claim)).toBe(made.oid);
      });

      test('is not created where there is one', async () => {
        const first = await create(claim);
        const other = commit();
        expect(await answer({ ref: claim, from: null, to: other.oid }, [other])).toBe('conflict');
        expect(await book.verifyRef(claim)).toBe(first.oid);
      });

      test('moves from the value that it has', async () => {
        const first = await create(claim);
        const next = commit({ parents: [first.oid] });
        expect(await answer({ ref: claim, from: first.oid, to: next.oid }, [next])).toBe('applied');
        expect(await book.verifyRef(claim)).toBe(next.oid);
      });

      test('does not move from a value that it no longer has', async () => {
        const first = await create(claim);
        const second = commit({ parents: [first.oid] });
        await swap([{ ref: claim, from: first.oid, to: second.oid }], [second]);
        const late = commit({ parents: [first.oid] });
        expect(await answer({ ref: claim, from: first.oid, to: late.oid }, [late])).toBe('conflict');
        expect(await book.verifyRef(claim)).toBe(second.oid);
      });

      test('does not move from a value when it does not exist', async () => {
        const other = await create('refs/claims/other');
        const next = commit({ parents: [other.oid] });
        expect(await answer({ ref: claim, from: other.oid, to: next.oid }, [next])).toBe('conflict');
        expect(await book.verifyRef(claim)).toBeNull();
      });

      testIf(profile.nonFastForward)('is replaced by a commit that does not descend from its value', async () => {
        const first = await create(claim);
        const next = commit();
        expect(await answer({ ref: claim, from: first.oid, to: next.oid }, [next])).toBe('applied');
        expect(await book.verifyRef(claim)).toBe(next.oid);
      });

      testIf(profile.nonFastForward)('may take a value again that it had before', async () => {
        const first = await create(claim);
        const second = commit();
        await swap([{ ref: claim, from: first.oid, to: second.oid }], [second]);
        expect(await answer({ ref: claim, from: second.oid, to: first.oid }, [first])).toBe('applied');
        expect(await book.verifyRef(claim)).toBe(first.oid);
      });

      testIf(profile.deletes)('is deleted at the value that it has', async () => {
        const first = await create(claim);
        expect(await answer({ ref: claim, from: first.oid, to: null })).toBe('applied');
        expect(await book.verifyRef(claim)).toBeNull();
        expect(await listed([claim])).toEqual({});
      });

      testIf(profile.deletes)('is not deleted at another value', async () => {
        const first = await create(claim);
        const other = await create('refs/claims/other');
        expect(await answer({ ref: claim, from: other.oid, to: null })).toBe('conflict');
        expect(await book.verifyRef(claim)).toBe(first.oid);
      });

      testIf(profile.deletes)('that somebody else deleted does not move, and is not listed', async () => {
        const first = await create(claim);
        expect(await listed([claim])).toEqual({ [claim]: first.oid });
        const other = await book.second();
        await other.list([claim]);
        expect(await answer({ ref: claim, from: first.oid, to: null }, [], other)).toBe('applied');
        const next = commit({ parents: [first.oid] });
        expect(await answer({ ref: claim, from: first.oid, to: next.oid }, [next])).toBe('conflict');
        expect(await listed([claim])).toEqual({});
      });

      test('is not created where the folder of that name has refs, nor below another ref', async () => {
        await create(claim);
        const below = commit();
        expect(await answer({ ref: `${claim}/b`, from: null, to: below.oid }, [below])).not.toBe('applied');
        await create('refs/claims/f/x');
        const above = commit();
        expect(await answer({ ref: 'refs/claims/f', from: null, to: above.oid }, [above])).not.toBe('applied');
        expect(Object.keys(await listed(['refs/claims/'])).sort()).toEqual([claim, 'refs/claims/f/x']);
      });
    });

    describe('mistakes of the program', () => {
      test('throw: an unchanged ref, a malformed one, one named twice', async () => {
        const first = await create(claim);
        const same = { ref: claim, from: first.oid, to: first.oid };
        await expect(swap([same])).rejects.toThrow(/unchanged|stay/);
        const malformed = { ref: 'refs/claims/a b', from: null, to: first.oid };
        await expect(swap([malformed])).rejects.toThrow(/malformed/);
        const twice = { ref: claim, from: first.oid, to: null };
        await expect(swap([twice, twice])).rejects.toThrow(/twice/);
      });
    });

    describe('races', () => {
      test('two attempts of two clients have exactly one winner (trap 1)', async () => {
        const attempts = [transport, await book.second()].map(async (client) => {
          const attempt = commit({ message: 'claim: a by agent-a (term 1)' });
          const won = (await answer({ ref: claim, from: null, to: attempt.oid }, [attempt], client)) === 'applied';
          return won ? attempt.oid : null;
        });
        const winners = (await Promise.all(attempts)).filter((oid) => oid !== null);
        expect(winners).toEqual([await book.verifyRef(claim)]);
      });

      // Both may be told `applied`: which is why every attempt has a nonce.
      test('of two clients that send the same bytes at least one wins, and the value is theirs (trap 1)', async () => {
        const same = commit({ nonce: 'the same' });
        const update = { ref: claim, from: null, to: same.oid };
        const clients = [transport, await book.second()];
        const answers = await Promise.all(clients.map((client) => answer(update, [same], client)));
        expect(answers).toContain('applied');
        expect(await book.verifyRef(claim)).toBe(same.oid);
      });

      test('many clients at one ref: exactly one is told that it won, again and again', async () => {
        const clients = [transport, ...(await Promise.all(Array.from({ length: 4 }, () => book.second())))];
        let from = (await create(claim)).oid;
        for (let round = 0; round < 3; round++) {
          for (const client of clients) await client.list([claim]);
          const attempts = clients.map(async (client) => {
            const next = commit({ parents: [from] });
            return { oid: next.oid, said: await answer({ ref: claim, from, to: next.oid }, [next], client) };
          });
          const results = await Promise.all(attempts);
          const winners = results.filter(({ said }) => said === 'applied').map(({ oid }) => oid);
          expect(results.map(({ said }) => said)).not.toContain('unknown');
          expect(winners).toEqual([await book.verifyRef(claim)]);
          from = winners[0] ?? from;
        }
      });
    });

    describeIf(profile.atomic)('an atomic request', () => {
      test('moves all refs', async () => {
        const task = commit();
        const hold = commit({ parents: [task.oid] });
        const updates = [
          { ref: board, from: null, to: task.oid },
          { ref: claim, from: null, to: hold.oid },
        ];
        const report = await swap(updates, [task, hold], { atomic: true });
        expect([...report.answers.values()]).toEqual(['applied', 'applied']);
        expect(report.message).toBe('');
        expect(await book.verifyRef(board)).toBe(task.oid);
        expect(await book.verifyRef(claim)).toBe(hold.oid);
      });

      test.each(['first', 'last'])('moves none when one is stale (the %s)', async (place) => {
        const task = await create(board);
        const held = await create(claim);
        const nextTask = commit({ parents: [task.oid] });
        const lateHold = commit({ parents: [task.oid] });
        const fresh = { ref: board, from: task.oid, to: nextTask.oid };
        const stale = { ref: claim, from: null, to: lateHold.oid };
        const updates = place === 'first' ? [stale, fresh] : [fresh, stale];
        const { answers } = await swap(updates, [nextTask, lateHold], { atomic: true });
        expect(answers.get(claim)).toBe('conflict');
        expect(['conflict', 'unsent']).toContain(answers.get(board));
        expect(await book.verifyRef(board)).toBe(task.oid);
        expect(await book.verifyRef(claim)).toBe(held.oid);
      });

      testIf(profile.deletes)('releases: the task moves and the claim goes', async () => {
        const task = await create(board);
        const held = await create(claim, commit({ parents: [task.oid] }));
        const released = commit({ parents: [task.oid] });
        const updates = [
          { ref: board, from: task.oid, to: released.oid },
          { ref: claim, from: held.oid, to: null },
        ];
        const { answers } = await swap(updates, [released], { atomic: true });
        expect([...answers.values()]).toEqual(['applied', 'applied']);
        expect(await listed([board, claim])).toEqual({ [board]: released.oid });
      });

      test('of many clients: one wins all of its refs', async () => {
        const task = await create(board);
        const clients = [transport, await book.second(), await book.second()];
        for (const client of clients) await client.list([board, claim]);
        const attempts = clients.map(async (client) => {
          const next = commit({ parents: [task.oid] });
          const hold = commit({ parents: [next.oid] });
          const updates = [
            { ref: board, from: task.oid, to: next.oid },
            { ref: claim, from: null, to: hold.oid },
          ];
          const { answers } = await swap(updates, [next, hold], { atomic: true }, client);
          return { values: [...answers.values()], refs: { [board]: next.oid, [claim]: hold.oid } };
        });
        const won = (await Promise.all(attempts)).filter(({ values }) => values.includes('applied'));
        expect(won.map(({ values }) => values)).toEqual([['applied', 'applied']]);
        expect(await listed(['refs/board/', 'refs/claims/'])).toEqual(won[0]?.refs);
      });
    });

    describe('a request that is not atomic', () => {
      test('has an answer for each ref by itself', async () => {
        const taken = await create(claim);
        const late = commit();
        const fresh = ['refs/claims/b', 'refs/claims/c'].map((ref) => ({ ref, made: commit() }));
        const updates = [
          { ref: claim, from: null, to: late.oid },
          ...fresh.map(({ ref, made }) => ({ ref, from: null, to: made.oid })),
        ];
        const { answers } = await swap(updates, [late, ...fresh.map(({ made }) => made)]);
        expect(Object.fromEntries(answers)).toEqual({
          [claim]: 'conflict',
          'refs/claims/b': 'applied',
          'refs/claims/c': 'applied',
        });
        expect(await book.verifyRef(claim)).toBe(taken.oid);
        for (const { ref, made } of fresh) expect(await book.verifyRef(ref)).toBe(made.oid);
      });
    });

    describeIf(!(profile.atomic && profile.deletes))('what the server does not do', () => {
      testIf(!profile.atomic)('is refused: an atomic request', async () => {
        const [task, hold] = [commit(), commit()];
        const updates = [
          { ref: board, from: null, to: task.oid },
          { ref: claim, from: null, to: hold.oid },
        ];
        const { answers } = await swap(updates, [task, hold], { atomic: true });
        for (const said of answers.values()) expect(['refused', 'unsent']).toContain(said);
        expect(await listed(['refs/board/', 'refs/claims/'])).toEqual({});
      });

      testIf(!profile.deletes)('is refused: a deletion', async () => {
        const first = await create(claim);
        expect(await answer({ ref: claim, from: first.oid, to: null })).toBe('refused');
        expect(await book.verifyRef(claim)).toBe(first.oid);
      });
    });

    describe('a list', () => {
      test('of an empty book is empty', async () => {
        const { refs, wentBack } = await transport.list(['refs/claims/', claim]);
        expect([...refs]).toEqual([]);
        expect([...wentBack]).toEqual([]);
      });

      test('by name has that ref alone, by folder all below it', async () => {
        const refs = [claim, 'refs/claims/ab', 'refs/claims/a.b', 'refs/claimsx/a', board];
        const oids = new Map<string, Oid>();
        for (const ref of refs) oids.set(ref, (await create(ref)).oid);
        const some = (names: readonly string[]) => Object.fromEntries(names.map((ref) => [ref, oids.get(ref)]));
        expect(await listed([claim])).toEqual(some([claim]));
        expect(await listed(['refs/claims/'])).toEqual(some([claim, 'refs/claims/ab', 'refs/claims/a.b']));
        expect(await listed([board, 'refs/claims/ab', 'refs/none/'])).toEqual(some([board, 'refs/claims/ab']));
        expect(await listed(['refs/claims'])).toEqual({});
      });

      test('values are those of the exact refs that are there, and bring no objects', async () => {
        const made = await create(claim);
        await create('refs/claims/ab');
        expect(await valuesOf([claim, board, 'refs/claims'])).toEqual({ [claim]: made.oid });
        expect(await valuesOf([])).toEqual({});
      });

      test('does not take a branch of that name for the ref', async () => {
        await create('refs/heads/refs/claims/a');
        await create('refs/tags/refs/claims/a');
        expect(await listed([claim])).toEqual({});
      });

      test('shows what this client wrote, and what another wrote', async () => {
        const mine = await create(claim);
        expect(await listed([claim])).toEqual({ [claim]: mine.oid });
        const other = await book.second();
        expect(await listed([claim], other)).toEqual({ [claim]: mine.oid });
        const next = commit({ parents: [mine.oid] });
        await swap([{ ref: claim, from: mine.oid, to: next.oid }], [next], {}, other);
        expect(await listed([claim])).toEqual({ [claim]: next.oid });
      });
    });

    describe('a read', () => {
      async function readAsOther(oid: Oid) {
        const other = await book.second();
        await other.list(['refs/board/', 'refs/claims/']);
        return (await other.read([oid])).get(oid);
      }

      test('gives parents, date and message, by another client', async () => {
        const task = await create(board);
        const made = commit({ parents: [task.oid], message: 'claim: prüfe 日本語 🚀 by agent-a\n\n{"v": 1}' });
        await create(claim, made);
        const read = await readAsOther(made.oid);
        expect(read).toMatchObject({ parents: [task.oid], committedMs: 1_700_000_000_000 });
        expect(read).toHaveProperty(
          'message',
          expect.stringMatching(/^claim: prüfe 日本語 🚀 by agent-a\n\n\{"v": 1\}\n\n.+\n$/),
        );
      });

      test('gives the parents of what was read', async () => {
        const task = await create(board);
        const next = commit({ parents: [task.oid] });
        await swap([{ ref: board, from: task.oid, to: next.oid }], [next]);
        const other = await book.second();
        await other.list([board]);
        await other.read([next.oid]);
        expect((await other.read([task.oid])).get(task.oid)).toMatchObject({ parents: [] });
      });

      test('gives the trees of commits, by another client', async () => {
        const oid = commit().oid;
        const inner = encodeTree(transport.objectFormat, '160000', new Map([['a', oid]]));
        const root = encodeTree(transport.objectFormat, '40000', new Map([['ab', inner.oid]]));
        const made = commit({ tree: root.oid });
        const ref = 'refs/archive/board';
        expect(await answer({ ref, from: null, to: made.oid }, [inner, root, made])).toBe('applied');
        const other = await book.second();
        await other.list([ref]);
        expect((await other.read([made.oid])).get(made.oid)).toMatchObject({ tree: root.oid });
        const trees = await other.trees([root.oid, inner.oid, made.oid]);
        expect([...trees.keys()].sort()).toEqual([root.oid, inner.oid].sort());
        expect(parseTree(transport.objectFormat, '160000', trees.get(inner.oid) ?? Buffer.alloc(0)).get('a')).toBe(oid);
      });

      test('of nothing is empty', async () => {
        expect((await transport.read([])).size).toBe(0);
      });

      test('gives a note of 256 KiB whole', async () => {
        const message = `add: a\n\n${'ü'.repeat(128 * 1024)}`;
        const made = await create(board, commit({ message, nonce: 'n' }));
        expect(await readAsOther(made.oid)).toHaveProperty('message', `${message}\n\nn\n`);
      });

      test('says of what is no record why, and gives the others', async () => {
        const good = await create(board);
        const oversized = await book.plant(
          'refs/claims/big',
          'commit',
          commit({ message: 'x'.repeat(300 * 1024) }).body,
        );
        const blob = await book.plant('refs/claims/blob', 'blob', Buffer.from('hello\n'));
        const tagger = 'tagger t <t@example.invalid> 1700000000 +0000';
        const tagBody = Buffer.from(`object ${good.oid}\ntype commit\ntag t\n${tagger}\n\nx\n`);
        const tag = await book.plant('refs/claims/tag', 'tag', tagBody);
        const { refs } = await transport.list(['refs/board/', 'refs/claims/']);
        expect([...refs.values()].sort()).toEqual([good.oid, oversized, blob, tag].sort());
        const read = await transport.read([oversized, blob, tag, good.oid]);
        expect(read.get(oversized)).toEqual({ unreadable: 'oversized' });
        expect(read.get(blob)).toEqual({ unreadable: 'not-a-commit' });
        expect(read.get(tag)).toEqual({ unreadable: 'not-a-commit' });
        expect(read.get(good.oid)).toMatchObject({ parents: [] });
      });

      test('gives a commit that somebody made by hand, without a note', async () => {
        const person = 'Jo <jo@example.invalid> 1700000001 +0200';
        const tree = commit().body.toString('utf8').split('\n')[0];
        const byHand = await book.plant(
          claim,
          'commit',
          Buffer.from(`${tree}\nauthor ${person}\ncommitter ${person}\n\nby hand\n`),
        );
        expect(await readAsOther(byHand)).toEqual({
          tree: tree?.replace('tree ', ''),
          parents: [],
          committedMs: 1_700_000_001_000,
          message: 'by hand\n',
        });
        const next = commit({ parents: [byHand] });
        await transport.list([claim]);
        expect(await answer({ ref: claim, from: byHand, to: next.oid }, [next])).toBe('applied');
      });

      test('200 refs are written, listed and read', async () => {
        const made = Array.from({ length: 200 }, (_, index) => ({ ref: `refs/claims/t${index}`, made: commit() }));
        const updates = made.map(({ ref, made: { oid } }) => ({ ref, from: null, to: oid }));
        const { answers } = await swap(
          updates,
          made.map((entry) => entry.made),
        );
        expect(new Set(answers.values())).toEqual(new Set(['applied']));
        const other = await book.second();
        const { refs } = await other.list(['refs/claims/']);
        expect(refs.size).toBe(200);
        expect((await other.list(made.map(({ ref }) => ref))).refs.size).toBe(200);
        const read = await other.read([...refs.values()]);
        expect(read.size).toBe(200);
        for (const commit of read.values()) expect(commit).toHaveProperty('message');
      });
    });
  });
}
