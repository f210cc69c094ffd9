import { kinds } from '../../src/coordinator/record-kinds.ts';
import type { ClaimNote, HeldClaim } from '../../src/domain/claim.ts';
import type { TaskNote, TaskOp, TaskState } from '../../src/domain/task.ts';
import { decodeRecord } from '../../src/store/record-kind.ts';
import type { MemoryRemote } from '../../src/transport/memory.ts';
import type { Oid, RefUpdate } from '../../src/transport/port.ts';
import { layout, type Machine } from './machine.ts';
import type { Move } from './network.ts';
import type { World } from './world.ts';

/**
 * What must hold whatever goes wrong, checked by one who sees the server's refs and the true time (protocol 1 to 8):
 *
 *   - a task's log is a legal path of the state machine; terms only grow; a tenure and a term belong to each other
 *   - a lease is taken by observation only when its value stood for the record's ttl, as the fastest clock counts it,
 *     and when its holder counts it as lapsed too
 *   - a beat replaces a claim of its own tenure, nothing else
 *   - a push takes effect only while its attempt is written down as pending
 *   - "claimed" is said of a tenure that stood on the task while the command ran, and of a term by one clone only
 *   - "lost" is said only of a tenure that did not stand all the while
 */
export const fastestRate = 1.05;

interface Standing {
  readonly tenure: string;
  readonly fromMs: number;
  untilMs: number;
}

interface TaskTrack {
  tip: Oid | null;
  tipSinceMs: number;
  note: TaskNote | null;
  claim: Oid | null;
  claimSinceMs: number;
  claimNote: ClaimNote | null;
  readonly standings: Standing[];
  readonly tenureOfTerm: Map<number, string>;
  readonly saidBy: Map<number, string>;
}

const begins: readonly TaskOp[] = ['claim', 'take-over'];

/** Which states each operation leads from and to. */
const legal: Partial<Record<TaskOp, readonly [readonly (TaskState | 'absent')[], readonly TaskState[]]>> = {
  add: [['absent'], ['open']],
  claim: [['absent', 'open'], ['claimed']],
  release: [['claimed'], ['open']],
  expire: [['claimed'], ['open', 'failed']],
  'take-over': [['claimed'], ['claimed']],
  fail: [['claimed'], ['open', 'failed']],
  done: [['claimed'], ['done']],
  cancel: [['open', 'claimed', 'failed'], ['cancelled']],
  retry: [['open', 'failed', 'cancelled'], ['open']],
};
/** These leave the state, the term and the holder as they were. */
const keeps: readonly TaskOp[] = ['edit', 'repair'];

export class Invariants {
  readonly ops = new Map<string, number>();
  readonly #world: World;
  readonly #remote: MemoryRemote;
  readonly #tasks = new Map<string, TaskTrack>();
  readonly #ended = new Set<string>();
  readonly #machines: () => readonly Machine[];

  constructor(world: World, remote: MemoryRemote, machines: () => readonly Machine[]) {
    this.#world = world;
    this.#remote = remote;
    this.#machines = machines;
  }

  get tasks(): ReadonlyMap<string, TaskTrack> {
    return this.#tasks;
  }

  /** What one request did, its refs in the order in which they moved. */
  moved(moves: readonly Move[], updates: readonly RefUpdate[]): void {
    for (const move of moves) {
      const place = layout.parse(move.ref);
      if (place?.space === 'board') this.#taskMoved(this.#track(place.name), place.name, move);
    }
    for (const move of moves) {
      const place = layout.parse(move.ref);
      if (place?.space === 'claims') this.#claimMoved(this.#track(place.name), move, updates);
    }
  }

  #track(id: string): TaskTrack {
    const there = this.#tasks.get(id);
    if (there) return there;
    const track: TaskTrack = {
      tip: null,
      tipSinceMs: 0,
      note: null,
      claim: null,
      claimSinceMs: 0,
      claimNote: null,
      standings: [],
      tenureOfTerm: new Map(),
      saidBy: new Map(),
    };
    this.#tasks.set(id, track);
    return track;
  }

  #taskMoved(track: TaskTrack, id: string, { from, to }: Move): void {
    const { nowMs } = this.#world;
    const attempt = `${id}.${to?.slice(0, 12)}`;
    if (!this.#machines().some((machine) => machine.hasPending(attempt)))
      this.#violated(`${id}: a commit was applied that its clone counts as settled`);
    const decoded = to === null ? null : decodeRecord(kinds.task, to, this.#remote.readNow([to]).get(to));
    if (!decoded?.ok) {
      this.#violated(`${id}: its log ${decoded ? `is bad: ${decoded.why}` : 'was deleted'}`);
      return;
    }
    if ((decoded.parents[0] ?? null) !== from) this.#violated(`${id}: its log has a gap`);
    const { note } = decoded;
    const { op, by, task } = note;
    this.#world.tell(
      () => `  board  ${id} ${op} by ${by}: ${task.state}, term ${task.term} ${task.holder?.tenure ?? ''}`,
    );
    count(this.ops, note.op);
    this.#ended.add(`${id} ${note.op} ${note.task.term}`);
    this.#checkStep(id, track, note);
    if (note.op === 'expire' || note.op === 'take-over') this.#checkTaken(id, track, note);
    track.tip = to;
    track.tipSinceMs = nowMs;
    track.note = note;
    const tenure = note.task.holder?.tenure ?? null;
    const last = track.standings.at(-1);
    if (last && last.untilMs === Number.POSITIVE_INFINITY && last.tenure !== tenure) last.untilMs = nowMs;
    if (tenure !== null && last?.tenure !== tenure)
      track.standings.push({ tenure, fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY });
  }

  #checkStep(id: string, track: TaskTrack, note: TaskNote): void {
    const was = track.note?.task ?? null;
    const { op, task } = note;
    const step = `${id}: ${op} from ${was?.state ?? 'absent'} (term ${was?.term ?? 0}) to ${task.state} (term ${task.term})`;
    const begun = begins.includes(op);
    if (task.term !== (was?.term ?? 0) + (begun ? 1 : 0)) this.#violated(`${step}: the term is wrong`);
    if (keeps.includes(op)) {
      if (task.state !== was?.state || task.holder?.tenure !== was.holder?.tenure)
        this.#violated(`${step}: state or tenure changed`);
    } else {
      const [from, to] = legal[op] ?? [[], []];
      if (!from.includes(was?.state ?? 'absent') || !to.includes(task.state))
        this.#violated(`${step}: not a legal step`);
    }
    if (!task.holder) return;
    if (begun && task.holder.tenure !== note.nonce) this.#violated(`${step}: the tenure is not the nonce`);
    if (begun && track.standings.some((one) => one.tenure === note.nonce)) this.#violated(`${step}: an old tenure`);
    const known = track.tenureOfTerm.get(task.term);
    if (known !== undefined && known !== task.holder.tenure) this.#violated(`${step}: the term has two tenures`);
    track.tenureOfTerm.set(task.term, task.holder.tenure);
  }

  /** Taken by observation, without force and not by the holder's own machine: only what stood still long enough. */
  #checkTaken(id: string, track: TaskTrack, { op, task }: TaskNote): void {
    const was = track.note?.task;
    if (!was?.holder) return;
    const forced = op === 'take-over' && task.attempts === was.attempts;
    const byHolder = op === 'expire' && task.error?.code !== 'expired';
    if (forced) count(this.ops, 'take-over (force)');
    if (byHolder) count(this.ops, `expire (${task.error?.code})`);
    if (forced || byHolder) return;
    const { nowMs } = this.#world;
    const claim = track.claimNote?.state === 'held' ? track.claimNote : null;
    const own = claim?.tenure === was.holder.tenure ? claim : null;
    const stoodMs = nowMs - (own ? track.claimSinceMs : track.tipSinceMs);
    const ttlMs = own ? own.ttlMs : was.holder.ttlMs;
    if (stoodMs < ttlMs / fastestRate)
      this.#violated(`${id}: ${op} of term ${was.term} after ${Math.round(stoodMs)} ms, its ttl is ${ttlMs} ms`);
    for (const machine of this.#machines()) {
      const entry = machine.held.get(id);
      if (entry?.tenure !== was.holder.tenure || entry.boot !== machine.boot) continue;
      const leftMs = entry.untilBootMs - machine.clock.bootMs();
      if (leftMs > 0)
        this.#violated(`${id}: ${op} of term ${was.term}, which ${machine.name} counts as good for ${leftMs} ms`);
    }
  }

  #claimMoved(track: TaskTrack, { ref, to }: Move, updates: readonly RefUpdate[]): void {
    const note = to === null ? null : this.#claimNote(to);
    const id = layout.parse(ref)?.name ?? '';
    const alone = !updates.some((update) => update.ref === layout.board(id));
    if (alone) {
      const beat = note?.state === 'held' ? note : null;
      const before = track.claimNote?.state === 'held' ? track.claimNote : null;
      if (beat === null || before?.tenure !== beat.tenure)
        this.#violated(`${id}: a beat of ${show(beat)} replaced ${show(before)}`);
      count(this.ops, beat?.beat === 0 ? 'beat (new cycle)' : 'beat');
    }
    this.#world.tell(() => `  claim  ${id} ${show(note?.state === 'held' ? note : null)} ${to?.slice(0, 8)}`);
    track.claim = to;
    track.claimSinceMs = this.#world.nowMs;
    track.claimNote = note;
  }

  #claimNote(oid: Oid): ClaimNote | null {
    const decoded = decodeRecord(kinds.claim, oid, this.#remote.readNow([oid]).get(oid));
    return decoded.ok ? decoded.note : null;
  }

  /** A command that ran since `startedMs` said that this machine holds the task. */
  saidClaimed(machine: Machine, id: string, term: number, tenure: string, startedMs: number): void {
    const track = this.#track(id);
    const stood = track.standings.some((one) => one.tenure === tenure && one.untilMs >= startedMs);
    if (!stood || track.tenureOfTerm.get(term) !== tenure)
      this.#violated(`${machine.name} said that it claimed ${id} (term ${term}), and the remote did not show that`);
    const other = track.saidBy.get(term);
    if (other !== undefined && other !== machine.name)
      this.#violated(`${machine.name} and ${other} both said that they claimed ${id} (term ${term})`);
    track.saidBy.set(term, machine.name);
  }

  /** A command or daemon that ran since `startedMs` said that this tenure is over. */
  saidLost(machine: Machine, id: string, tenure: string, startedMs: number): void {
    const stands = this.#track(id).standings.some(
      (one) => one.tenure === tenure && one.fromMs <= startedMs && one.untilMs === Number.POSITIVE_INFINITY,
    );
    if (stands) this.#violated(`${machine.name} was told that it lost ${id}, and its tenure stands`);
  }

  /** A command said that it ended this term. */
  saidFinished(machine: Machine, id: string, op: string, term: number): void {
    if (!this.#ended.has(`${id} ${op} ${term}`))
      this.#violated(`${machine.name} said ${op} of ${id} (term ${term}), and the log has no such step`);
  }

  /** Tasks that show a holder, and claim refs that are not free. */
  heldNow(): string[] {
    return [...this.#tasks].flatMap(([id, { note, claimNote }]) =>
      note?.task.holder || claimNote?.state === 'held' ? [id] : [],
    );
  }

  #violated(what: string): void {
    this.#world.fail(new Error(`at ${Math.round(this.#world.nowMs)} ms: ${what}`));
  }
}

export function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

const show = (claim: HeldClaim | null): string =>
  claim === null ? 'nothing' : `${claim.agent}'s term ${claim.term} (beat ${claim.beat})`;
