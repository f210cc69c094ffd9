import type { Folder } from './folder.ts';

/**
 * `coord/held/<task>`: the tenures that are this clone's own (protocol 1, "Mine"). Lines `name=value`, which the commit
 * hook reads with the shell's `read` alone; what only the tool needs stands in the last line, `state=`, as JSON.
 *
 * Times are of the clock that goes on in suspend, in one boot: a lease of another boot has lapsed.
 */
export interface HeldEntry {
  readonly task: string;
  readonly term: number;
  readonly tenure: string;
  readonly agent: string;
  readonly session: string;
  readonly ttlMs: number;
  /** The boot in which the lease was stamped. */
  readonly boot: string;
  /** When the lease lapses by the holder's own clock: milliseconds since that boot. */
  readonly untilBootMs: number;
  readonly state: HeldState;
}

export interface HeldState {
  /** The newest claim record that the remote is known to have held, and its oid. */
  readonly claim: unknown;
  readonly claimOid: string;
  /** The task's tip when it was last read: the parent of the claim's beats stays the claiming commit. */
  readonly claimParent: string;
  readonly taskOid: string;
  /** When the last beat was sent, whatever became of it: milliseconds since boot. */
  readonly sentBootMs: number;
  /** The newest beat that was sent and not yet confirmed, and when it was first sent: a repeat counts from then. */
  readonly unconfirmed?: { readonly oid: string; readonly firstSentBootMs: number } | null;
  readonly timeoutMs: number;
  /** When something last happened that counts as work: milliseconds since boot. */
  readonly activeBootMs: number;
  /** No command has said yet that this is held: it isn't beaten (protocol 5, pending attempts). */
  readonly unsaid?: boolean;
  /** The task showed that this tenure is over. Kept so that its holder is told; beaten no more. */
  readonly lost?: boolean;
  readonly owner: Owner | null;
}

interface Owner {
  readonly pid: number;
  readonly start: string;
  readonly namespace: string;
  readonly or?: Owner | undefined;
}

const plain = /^[\x21-\x7e]*$/;

export interface HeldLedger {
  get(task: string): HeldEntry | null;
  all(): HeldEntry[];
  put(entry: HeldEntry): void;
  remove(task: string): void;
}

export function heldLedger(folder: Folder): HeldLedger {
  const get = (task: string): HeldEntry | null => {
    const text = folder.read(task);
    return text === null ? null : parseHeld(text);
  };
  return {
    get,
    all: () =>
      folder
        .names()
        .sort()
        .flatMap((name) => get(name) ?? []),
    put: (entry) => folder.write(entry.task, formatHeld(entry)),
    remove: (task) => folder.remove(task),
  };
}

export function formatHeld(entry: HeldEntry): string {
  const { state, untilBootMs, ...fields } = entry;
  const values: Record<string, string | number> = { ...fields, until: (untilBootMs / 1000).toFixed(2) };
  const lines = Object.entries(values).map(([name, value]) => {
    if (!plain.test(String(value))) throw new Error(`not a plain value: ${name}`);
    return `${name}=${value}\n`;
  });
  return `${lines.join('')}state=${JSON.stringify(state)}\n`;
}

/** Null for a file that was damaged: its tenure is then somebody else's, and runs out. */
export function parseHeld(text: string): HeldEntry | null {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const cut = line.indexOf('=');
    if (cut > 0) values.set(line.slice(0, cut), line.slice(cut + 1));
  }
  const [task, tenure, agent, session, boot] = ['task', 'tenure', 'agent', 'session', 'boot'].map((name) =>
    values.get(name),
  );
  const [term, ttlMs, until] = ['term', 'ttlMs', 'until'].map((name) => Number(values.get(name)));
  if (!task || !tenure || !agent || !session || !boot || !term || !ttlMs || until === undefined || Number.isNaN(until))
    return null;
  try {
    const state = JSON.parse(values.get('state') ?? '') as HeldState;
    return { task, term, tenure, agent, session, ttlMs, boot, untilBootMs: Math.round(until * 1000), state };
  } catch {
    return null;
  }
}
