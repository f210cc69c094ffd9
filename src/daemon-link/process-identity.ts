import { readFileSync, readlinkSync } from 'node:fs';

/** A process that another one can recognise later: pids are used again, and count within one boot and pid namespace. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start; `-` where the system can't tell. */
  readonly start: string;
  readonly boot: string;
  readonly namespace: string;
}

export function ownIdentity(): ProcessIdentity {
  const { pid } = process;
  return { pid, start: statOf(pid)?.start ?? '-', boot: bootOf(), namespace: pidNamespace() };
}

/** `unknown`: a process of another namespace, which can't be seen from here. */
export function stateOf(one: ProcessIdentity): 'alive' | 'gone' | 'unknown' {
  if (one.boot !== bootOf()) return 'gone';
  if (one.namespace !== pidNamespace()) return 'unknown';
  try {
    process.kill(one.pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return 'gone';
  }
  const stat = statOf(one.pid);
  if (stat === null || one.start === '-') return 'alive';
  return stat.start === one.start && stat.state !== 'Z' ? 'alive' : 'gone';
}

function statOf(pid: number): { start: string; state: string } | null {
  const text = readLine(`/proc/${pid}/stat`);
  // the name in brackets may hold anything, brackets and spaces too
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields?.[0], fields?.[19]];
  return state !== undefined && start !== undefined ? { state, start } : null;
}

function bootOf(): string {
  return readLine('/proc/sys/kernel/random/boot_id') ?? '-';
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '-';
  }
}

function readLine(path: string): string | null {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return null;
  }
}
