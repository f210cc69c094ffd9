import { addTask, cancelTask, editTask, retryTask } from '../../src/coordinator/change-task.ts';
import { claimNext } from '../../src/coordinator/claim-next.ts';
import { type ClaimOptions, type ClaimResult, claimed, claimTask } from '../../src/coordinator/claim-task.ts';
import type { Context } from '../../src/coordinator/context.ts';
import { finishTask, holdOn } from '../../src/coordinator/finish-task.ts';
import { keepClaims } from '../../src/coordinator/keep-claims.ts';
import { renewClaims } from '../../src/coordinator/renew-claims.ts';
import { settlePending } from '../../src/coordinator/settle-pending.ts';
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
      await new Promise<void>((resolve) =>
        world.at(this.machine.clock.awakeAtMs(world.nowMs + world.between(20, 2500)), resolve),
      );
      if (this.#stage.stopped || this.machine.clock.suspended) continue;
      const command = this.#repeats.shift() ?? this.#choose();
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
    const { who } = machine;
    const { name, id, text } = command;
    const settled = await settlePending(context, who, text);
    const claims = (result: ClaimResult): void => {
      const { id: task, term } = result.task;
      const tenure = machine.held.get(task)?.tenure ?? 'none';
      this.#stage.invariants.saidClaimed(machine, task, term, tenure, startedMs);
    };
    if (settled && (name === 'claim' || name === 'claim --force' || name === 'claim --next'))
      return claims(await claimed(context, who, settled.attempt.task, this.#options(text, false), settled.outcome));
    switch (name) {
      case 'add':
        await addTask(context, who, { id, title: id, retryLimit: 1, timeoutMs: id === 't5' ? 15_000 : 0 }, text);
        return;
      case 'edit':
        await editTask(context, who, id, { title: text, needs: id === 't4' ? ['t1'] : [] }, text);
        return;
      case 'cancel':
        await cancelTask(context, who, id, null, text);
        return;
      case 'retry':
        await retryTask(context, who, id, text);
        return;
      case 'claim':
      case 'claim --force':
        return claims(await claimTask(context, who, id, this.#options(text, name === 'claim --force')));
      case 'claim --next':
        return claims(await claimNext(context, who, {}, this.#options(text, false)));
      case 'renew':
      case 'progress': {
        await holdOn(context, who, id, text);
        const entry = context.held.get(id);
        const news = { text, percent: null, at: context.clock.wall() };
        if (entry) await renewClaims(context, [{ entry, news: name === 'progress' ? news : null }]);
        return;
      }
      case 'release':
      case 'done':
      case 'fail': {
        const view = await finishTask(context, who, id, { op: name, command: text });
        this.#stage.invariants.saidFinished(machine, id, name, view.term);
        return;
      }
      case 'sweep':
        await sweep(context, who);
    }
  }

  #options(command: string, force: boolean): ClaimOptions {
    const { world } = this.#stage;
    const owner = world.chance(0.3) ? { pid: this.#pid, start: '0', namespace: 'pid' } : null;
    return { ttlMs: this.machine.ttlMs, force, create: true, owner, ownerIsOther: () => false, command };
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
      await context.clock.sleep(Math.max(100, machine.ttlMs / 12));
    }
  };
  await Promise.race([
    process.ended,
    loop().catch((error: unknown) => {
      if (!(error instanceof Killed)) world.fail(error instanceof Error ? error : new Error(String(error)));
    }),
  ]);
}
