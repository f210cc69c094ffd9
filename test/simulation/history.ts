import { graceMs, pollMs } from '../../src/domain/lease-times.ts';
import { MemoryRemote } from '../../src/transport/memory.ts';
import { Agent, type Command, runDaemon, type Stage, taskIds } from './agents.ts';
import { count, fastestRate, Invariants } from './invariants.ts';
import { Machine, type Mutation } from './machine.ts';
import { type Fault, Network } from './network.ts';
import { World } from './world.ts';

/**
 * One history: agents on four machines (one of them a copy of another, by its names) work on few tasks while the network,
 * the machines and the processes fail; then the faults stop, all machines die, and somebody else cleans up and finishes
 * everything. Throws an error with the reason when an invariant doesn't hold.
 */
export interface HistoryReport {
  readonly commands: Map<string, number>;
  readonly outcomes: Map<string, number>;
  readonly ops: Map<string, number>;
  readonly faults: Map<string, number>;
  readonly events: number;
}

const operationsMin = 60;
const faultsMin = 5;
const ttls = [1000, 2000, 4000, 8000, 20_000] as const;
/** The main part is over long before; a history that doesn't come to its end is a failure. */
const longestMs = 600_000;

export interface HistoryOptions {
  readonly mutation?: Mutation;
  readonly trace?: (text: string) => void;
}

export async function runHistory(seed: number, { mutation = {}, trace }: HistoryOptions = {}): Promise<HistoryReport> {
  const world = new World(seed);
  world.trace = trace ?? null;
  const remote = new MemoryRemote({});
  const faults = new Map<string, number>();
  const fault = (name: Fault): void => {
    world.tell(() => `! ${name}`);
    count(faults, name);
  };
  const machines: Machine[] = [];
  const invariants = new Invariants(world, remote, () => machines);
  const moved = (...[moves, updates]: Parameters<Invariants['moved']>): void => invariants.moved(moves, updates);
  const network = new Network(world, remote, 0.05, fault, moved);
  for (const name of ['a', 'b', 'c', 'a-copied']) {
    const agent = name.slice(0, 1);
    const ttlMs = name === 'a-copied' ? (machines[0]?.ttlMs ?? 1000) : world.pick(ttls);
    const identity = { name, agent: `agent-${agent}`, session: `s-${agent}`, ttlMs };
    machines.push(new Machine(world, network, mutation, identity));
  }
  const commands = new Map<string, number>();
  const outcomes = new Map<string, number>();
  const stage: Stage = { world, invariants, commands, outcomes, fault, crashRate: 0.08, stopped: false };

  await work(stage, machines, faults);
  network.faultRate = 0;
  stage.crashRate = 0;
  await settleDown(stage, machines, network);
  const sweeper = new Machine(world, network, {}, { name: 'z', agent: 'agent-z', session: 's-z', ttlMs: 2000 });
  machines.push(sweeper);
  await cleanUp(stage, sweeper);
  return { commands, outcomes, ops: invariants.ops, faults, events: world.events };
}

/** Agents and daemons at work among faults, until enough of both has happened. */
async function work(stage: Stage, machines: readonly Machine[], faults: ReadonlyMap<string, number>): Promise<void> {
  const { world } = stage;
  let working = 0;
  for (const [index, machine] of machines.entries()) {
    const adds = taskIds.map((id): Command => ({ name: 'add', id, text: `add ${id}` }));
    working++;
    void new Agent(stage, machine, 1000 * (index + 1)).live(index === 0 ? adds : []).then(() => working--);
    keepDaemon(stage, machine);
  }
  breakMachines(stage, machines);
  const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, n) => sum + n, 0);
  await world.run(longestMs, () => total(stage.commands) >= operationsMin && total(faults) >= faultsMin);
  stage.stopped = true;
  await world.run(longestMs, () => working === 0);
  if (working > 0) throw new Error('commands that do not end');
}

/** Starts a machine's daemon, and again some time after it died. */
function keepDaemon(stage: Stage, machine: Machine): void {
  if (stage.stopped) return;
  void runDaemon(stage, machine, stage.world.between(0.15, 1.2)).then(() =>
    stage.world.after(stage.world.between(50, 5000), () => keepDaemon(stage, machine)),
  );
}

/** Every few seconds something happens to a machine. */
function breakMachines(stage: Stage, machines: readonly Machine[]): void {
  const { world } = stage;
  world.after(world.between(500, 6000), () => {
    if (stage.stopped) return;
    const machine = world.pick(machines);
    const name = world.pick(['partition', 'suspend', 'reboot', 'daemon-crash'] as const);
    stage.fault(name);
    world.tell(() => `  on ${machine.name}`);
    // Often just as long as others wait, so that it comes back when its claims are being taken.
    const forMs = world.chance(0.5) ? machine.ttlMs * world.between(0.9, 1.6) : world.between(500, 12_000);
    if (name === 'partition') machine.link.partitionedUntilMs = world.nowMs + forMs;
    else if (name === 'suspend') {
      if (!machine.clock.suspended) machine.clock.suspend(forMs);
    } else if (name === 'reboot') {
      machine.crash();
      machine.clock.reboot();
    } else machine.daemon?.kill();
    breakMachines(stage, machines);
  });
}

/** All late deliveries arrive; then every machine dies with what it holds. */
async function settleDown({ world }: Stage, machines: readonly Machine[], network: Network): Promise<void> {
  await world.run(world.nowMs + 60_000, () => network.inFlight === 0);
  if (network.inFlight > 0) await world.run(longestMs, () => network.inFlight === 0);
  for (const machine of machines) machine.crash();
  await world.run(world.nowMs + 2000);
}

/** Somebody else looks on: everything that is held must be free in time, and every task must be finishable. */
async function cleanUp(stage: Stage, sweeper: Machine): Promise<void> {
  const { world, invariants } = stage;
  const ttlMs = Math.max(...ttls);
  const polls = 4;
  const agent = new Agent(stage, sweeper, 1);
  const startedMs = world.nowMs;
  const boundMs = (ttlMs + graceMs(ttlMs)) * fastestRate + polls * pollMs(ttlMs) + 3000;
  let cleaning = true;
  void (async () => {
    while (cleaning && invariants.heldNow().length > 0) {
      await agent.run({ name: 'sweep', id: '', text: 'sweep' });
      await new Promise<void>((resolve) => world.after(pollMs(ttlMs) / 2, resolve));
    }
    cleaning = false;
  })();
  await world.run(startedMs + boundMs, () => !cleaning);
  cleaning = false;
  const left = invariants.heldNow();
  if (left.length > 0) throw new Error(`still held ${Math.round(boundMs)} ms after all had died: ${left.join(', ')}`);
  await finishAll(stage, agent);
}

async function finishAll({ world, invariants }: Stage, agent: Agent): Promise<void> {
  let finished = false;
  const must = async (name: Command['name'], id: string): Promise<void> => {
    const outcome = await agent.run({ name, id, text: `${name} ${id}` });
    if (outcome !== 'ok') throw new Error(`at the end ${name} ${id} answers ${outcome}`);
  };
  void (async () => {
    for (const id of taskIds) {
      const state = invariants.tasks.get(id)?.note?.task.state;
      if (state === 'done') continue;
      if (state === undefined) await must('add', id);
      else if (state !== 'open') await must('retry', id);
      await must('claim', id);
      await must('done', id);
    }
    finished = true;
  })().catch((error: unknown) => world.fail(error instanceof Error ? error : new Error(String(error))));
  await world.run(world.nowMs + 60_000, () => finished);
  if (!finished) throw new Error('the last commands do not end');
}
