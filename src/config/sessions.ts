/**
 * Sessions by process: one tool can show several ids to what it runs (after a resume its MCP server has had another than
 * its hooks and its shell). The session-start hook records which process it is, and everything below that process is of
 * its session. Files `coord/sessions/<pid>`: `session=… agent=… pid=… start=… tool=…`, a line each. A pid is used again
 * and again, so the start time of the process (clock ticks since boot) must fit too.
 */
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readLines } from './identity-file.ts';

export interface RecordedSession {
  readonly session: string;
  readonly agent: string;
  readonly pid: number;
  /** Clock ticks since boot, from /proc/<pid>/stat. */
  readonly start: string;
  readonly tool: string;
}

const ancestorsMax = 64;

export const sessionsDir = (coordDir: string): string => join(coordDir, 'sessions');

export interface ProcessFacts {
  readonly parent: number;
  readonly start: string;
  /** One letter. */
  readonly state: string;
  /** At most 15 characters. */
  readonly name: string;
}

/** Null where it isn't there, or where there is no /proc. */
export function processFacts(pid: number): ProcessFacts | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // the name in brackets may hold anything, brackets and spaces too
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state = '', parent, start] = [fields[0], Number(fields[1]), fields[19]];
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    return Number.isInteger(parent) && start !== undefined ? { parent, start, state, name } : null;
  } catch {
    return null;
  }
}

/**
 * Records that this process, and all below it, are of a session; entries of processes that have ended go.
 * False where processes can't be told apart (no /proc) or it has ended.
 */
export async function recordSession(coordDir: string, entry: Omit<RecordedSession, 'start'>): Promise<boolean> {
  const facts = processFacts(entry.pid);
  if (facts === null) return false;
  const folder = sessionsDir(coordDir);
  await mkdir(folder, { recursive: true });
  await prune(folder);
  const values = { session: entry.session, agent: entry.agent, pid: entry.pid, start: facts.start, tool: entry.tool };
  const lines = Object.entries(values).map(([name, value]) => `${name}=${String(value).replace(/[\r\n]/g, ' ')}\n`);
  const path = join(folder, String(entry.pid));
  await writeFile(`${path}.${process.pid}.new`, lines.join(''));
  await rename(`${path}.${process.pid}.new`, path);
  return true;
}

/** The record of the nearest process at or above `pid` that has one and still is the process it was. */
export async function findAncestorSession(coordDir: string, pid: number): Promise<RecordedSession | null> {
  const folder = sessionsDir(coordDir);
  const recorded = new Set(await readdir(folder).catch(() => []));
  if (recorded.size === 0) return null;
  let current = pid;
  for (let depth = 0; depth < ancestorsMax && current > 0; depth++) {
    const facts = processFacts(current);
    if (facts === null) return null;
    if (recorded.has(String(current))) {
      const entry = await readEntry(join(folder, String(current)));
      if (entry !== null && entry.start === facts.start) return entry;
    }
    current = facts.parent;
  }
  return null;
}

/** What stands between a tool and the hook that it runs. */
const between = /^(?:(?:ba|da|a|k|mk|z|fi)?sh|busybox|git|git-coord|env|nice|timeout|npx|npm .*)$/;

/** The process that runs us as a hook: the nearest above `pid` that is no shell, nor git. Null: it can't be told. */
export function toolProcess(pid: number): number | null {
  let current = processFacts(pid)?.parent ?? 0;
  for (let depth = 0; depth < ancestorsMax && current > 1; depth++) {
    const facts = processFacts(current);
    if (facts === null) return null;
    if (!between.test(facts.name)) return current;
    current = facts.parent;
  }
  return null;
}

/** The record of this very process. */
export async function recordedSession(coordDir: string, pid: number): Promise<RecordedSession | null> {
  const entry = await readEntry(join(sessionsDir(coordDir), String(pid)));
  return entry !== null && entry.start === processFacts(pid)?.start ? entry : null;
}

/** The living processes that were recorded as this session of this agent, but for those below another of them. */
export async function processesOfSession(
  coordDir: string,
  who: Pick<RecordedSession, 'agent' | 'session'>,
): Promise<number[]> {
  const folder = sessionsDir(coordDir);
  const pids: number[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    const entry = /^\d+$/.test(name) ? await readEntry(join(folder, name)) : null;
    if (entry?.agent === who.agent && entry.session === who.session && processFacts(entry.pid)?.start === entry.start)
      pids.push(entry.pid);
  }
  return pids.filter((pid) => !isBelowAny(pid, pids));
}

function isBelowAny(pid: number, pids: readonly number[]): boolean {
  let at = processFacts(pid)?.parent ?? 0;
  for (let depth = 0; depth < ancestorsMax && at > 0; depth++) {
    if (pids.includes(at)) return true;
    at = processFacts(at)?.parent ?? 0;
  }
  return false;
}

async function readEntry(path: string): Promise<RecordedSession | null> {
  const { session, agent, pid, start, tool } = await readLines(path).catch(() => ({}) as Record<string, string>);
  if (!session || !agent || !start) return null;
  return { session, agent, pid: Number(pid), start, tool: tool ?? '' };
}

async function prune(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    // `<pid>`, or `<pid>.<writer>.new` while it is being written
    const [pid, writer] = name.split('.').map(Number);
    const facts = processFacts(writer ?? pid ?? 0);
    const living =
      facts !== null && (writer !== undefined || (await readEntry(join(folder, name)))?.start === facts.start);
    if (!living) await rm(join(folder, name), { force: true });
  }
}
