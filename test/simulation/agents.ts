import { Book } from '../../src/coordinator/book.ts';
import type { ClaimResult } from '../../src/coordinator/claim-task.ts';
import type { Context } from '../../src/coordinator/context.ts';
import { keepClaims } from '../../src/coordinator/keep-claims.ts';
import { sweep } from '../../src/coordinator/sweep.ts';
import { CoordError } from '../../src/errors.ts';
import { count, type Invariants } from './invariants.ts';
import type { Machine } from './machine.ts';
import type { Fault } from './network.ts';
import { Killed, type World } from './world.ts';

/** What agents do on their machines, one command after the other, each a process of its own; and the daemons beside them. */
export const commandNames = [
  'add',
  'edit',
  'cancel',
  'retry',
  'claim',
  'claim --force',
  'claim --wait',
  'claim --next',
  'renew',
  'progress',
  'release',
  'done',
  'fail',
  'sweep',
] as const;
export type CommandName = (typeof commandNames)[number];

export interface Command {
  readonly name: CommandName;
  readonly id: string;
  /** The whole line: a repeat of it continues what is pending. */
  readonly text: string;
}

export interface Stage {
  readonly world: World;
  readonly invariants: Invariants;
  readonly commands: Map<string, number>;
  readonly outcomes: Map<string, number>;
  readonly fault: (fault: Fault) => void;
  /** Probability that a command's process dies half-way. */
  crashRate: number;
  stopped: boolean;
}

const finishing: readonly CommandName[] = ['renew', 'progress', 'release', 'done', 'fail'];
export const taskIds = ['t1', 't2', 't3', 't4', 't5'];
const stepsMax = 30;
const rushEveryMs = 3000;
const claimOf = (id: string): Command => ({ name: 'claim', id, text: `claim ${id} ` });

export class Agent {
  readonly machine: Machine;
  #pid: number;
  readonly #stage: Stage;
  readonly #repeats: Command[] = [];

  constructor(stage: Stage, machine: Machine, pid: number) {
    this.#stage = stage;
    this.machine = machine;
    this.#pid = pid;
  }

  /** Works until the stage is stopped. */
  async live(first: readonly Command[]): Promise<void> {
    this.#repeats.push(...first);
    const { world } = this.#stage;
    while (!this.#stage.stopped) {
      // Now and then they all want the same task in the same moment.
      const thinkMs = world.between(20, 2500);
      const rushes = world.chance(0.25);
      const rush = Math.ceil((world.nowMs + thinkMs) / rushEveryMs);
      const startMs = rushes ? rush * rushEveryMs : world.nowMs + thinkMs;
      await new Promise<void>((resolve) => world.at(startMs, resolve));
      if (this.#stage.stopped || this.machine.clock.suspended) continue;
      const id = taskIds[rush % taskIds.length] ?? 't1';
      const command = rushes ? claimOf(id) : (this.#repeats.shift() ?? this.#choose());
      const outcome = await this.run(command);
      // Who doesn't know what became of it asks again, mostly.
      if ((outcome === 'unknown' || outcome === 'crashed') && world.chance(0.7)) this.#repeats.unshift(command);
    }
  }

  #choose(): Command {
    const { world } = this.#stage;
    const mine = this.machine.held.all().map((entry) => entry.task);
    const name: CommandName =
      mine.length > 0 && world.chance(0.65)
        ? world.pick(['renew', 'progress', 'progress', 'release', 'done', 'done', 'fail'] as const)
        : world.pick([
            'claim',
            'claim',
            'claim',
            'claim --next',
            'claim --next',
            'claim --wait',
            'claim --force',
            'add',
            'edit',
            'cancel',
            'retry',
            'retry',
            'sweep',
            'done',
          ] as const);
    const id = finishing.includes(name) && mine.length > 0 ? world.pick(mine) : world.pick(taskIds);
    return { name, id, text: `${name} ${id} ${name === 'edit' ? Math.floor(world.random() * 1e6) : ''}` };
  }

  /** Runs one command as a process, and checks what it says. */
  async run(command: Command): Promise<string> {
    const { world, commands, outcomes, crashRate } = this.#stage;
    count(commands, command.name);
    const crashes = world.chance(crashRate);
    const { process, context } = this.machine.start(crashes ? Math.ceil(world.random() * stepsMax) : undefined);
    const startedMs = world.nowMs;
    const held = this.machine.held.get(command.id);
    world.tell(() => `${this.machine.name}: ${command.text}`);
    let outcome = 'crashed';
    const work = this.#perform(context, command, startedMs).then(
      () => {
        outcome = 'ok';
      },
      (error: unknown) => {
        if (error instanceof Killed) return;
        if (!(error instanceof CoordError) || error.code === 'internal') {
          world.fail(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        outcome = error.code;
        const { agent, session } = this.machine.who;
        const ours = held !== null && held.agent === agent && held.session === session;
        const saysOver = outcome === 'lost' || (finishing.includes(command.name) && /held|not-ready/.test(outcome));
        if (ours && saysOver) this.#stage.invariants.saidLost(this.machine, command.id, held.tenure, startedMs);
      },
    );
    await Promise.race([work, process.ended]);
    if (!process.alive) this.#crashed(crashes);
    process.kill();
    world.tell(() => `${this.machine.name}: ${command.text} -> ${outcome}`);
    count(outcomes, `${command.name}: ${outcome}`);
    return outcome;
  }

  #crashed(byItself: boolean): void {
    if (byItself) this.#stage.fault('command-crash');
    if (this.#stage.world.chance(0.5)) this.machine.deadOwners.add(this.#pid++);
  }

  async #perform(context: Context, command: Command, startedMs: number): Promise<void> {
    const { machine } = this;
    const { invariants, world } = this.#stage;
    const { name, id, text } = command;
    const options = { ttlMs: machine.ttlMs, pollIntervalMs: 500, timeoutMs: 0, retryLimit: 1 };
    const assignment = { strategy: 'priority', patienceMs: 0 } as const;
    const book = new Book({
      openWatch: () => {
        throw new Error('nobody watches here');
      },
      recent: async () => null,
      context,
      who: machine.who,
      ...options,
      assignment,
      ownerIsOther: () => false,
      ownerIsGone: ({ pid }) => machine.deadOwners.has(pid),
      keepAlive: async () => {},
    });
    const owner = world.chance(0.3) ? { pid: this.#pid, start: '0', namespace: 'pid' } : null;
    const claims = ({ task }: ClaimResult): void => {
      const tenure = machine.held.get(task.id)?.tenure ?? 'none';
      invariants.saidClaimed(machine, task.id, task.term, tenure, startedMs);
    };
    switch (name) {
      case 'add':
        await book.add({ id, title: id, ...(id === 't5' && { timeoutMs: 15_000 }) }, text);
        return;
      case 'edit':
        await book.edit(id, { title: text, needs: id === 't4' ? ['t1'] : [] }, text);
        return;
      case 'cancel':
        await book.cancel(id, null, text);
        return;
      case 'retry':
        await book.retry(id, text);
        return;
      case 'claim':
        return claims(await book.claim(id, { owner }, text));
      case 'claim --force':
        return claims(await book.claim(id, { owner, force: true }, text));
      case 'claim --wait':
        return claims(await book.claim(id, { owner, waitMs: 8000 }, text));
      case 'claim --next':
        return claims(await book.next({}, { owner }, text));
      case 'renew':
        await book.renew([id], text);
        return;
      case 'progress':
        await book.progress(id, text, null, text);
        return;
      case 'release':
        return invariants.saidFinished(machine, id, name, (await book.release(id, text)).term);
      case 'done':
        return invariants.saidFinished(machine, id, name, (await book.done(id, null, text)).term);
      case 'fail':
        return invariants.saidFinished(machine, id, name, (await book.fail(id, undefined, text)).term);
      case 'sweep':
        await sweep(context, machine.who);
    }
  }
}

/** The daemon of a machine's clone: keeps its claims, and looks at the others' now and then. Ends when it is killed. */
export async function runDaemon(stage: Stage, machine: Machine, sweepEveryTtls: number): Promise<void> {
  const { world, invariants } = stage;
  const { process, context } = machine.start();
  machine.daemon = process;
  let sweepAtMs = context.clock.monoMs() + machine.ttlMs * world.random();
  const round = async (): Promise<void> => {
    const startedMs = world.nowMs;
    const held = machine.held.all();
    const { beaten } = await keepClaims(context, (owner) => machine.deadOwners.has(owner.pid));
    for (const [task, beat] of beaten) world.tell(() => `${machine.name}: daemon: ${task} ${beat}`);
    for (const { task, tenure } of held)
      if (beaten.get(task) === 'lost') invariants.saidLost(machine, task, tenure, startedMs);
    if (context.clock.monoMs() < sweepAtMs) return;
    await sweep(context, machine.who);
    sweepAtMs = context.clock.monoMs() + machine.ttlMs * sweepEveryTtls;
  };
  const loop = async (): Promise<void> => {
    while (process.alive) {
      try {
        await round();
      } catch (error) {
        if (!(error instanceof CoordError) || error.code === 'internal') throw error;
        count(stage.outcomes, `daemon: ${error.code}`);
      }
      await context.clock.sleep(Math.max(100, machine.ttlMs / 8));
    }
  };
  await Promise.race([
    process.ended,
    loop().catch((error: unknown) => {
      if (!(error instanceof Killed)) world.fail(error instanceof Error ? error : new Error(String(error)));
    }),
  ]);
}
