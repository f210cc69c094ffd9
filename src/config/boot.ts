/**
 * What a monotonic time is worth: it counts within one boot and one time namespace, and no further. Elsewhere than on
 * Linux the boot is told by when it was, to the hour: a wrong change only means that an observer waits again.
 */
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname, uptime } from 'node:os';

/** One line of a file under /proc, or null where there is none. */
function readLine(path: string): string | null {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return null;
  }
}

/** Names this boot of this machine. */
export function bootId(): string {
  const id = readLine('/proc/sys/kernel/random/boot_id');
  if (id !== null && id !== '') return id;
  return `${hostname()}-${Math.floor((Date.now() - uptime() * 1000) / 3_600_000)}`;
}

/** Names the namespace that offsets the monotonic clock (containers may have one); `-` where there is none. */
export function timeNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/time');
  } catch {
    return '-';
  }
}

/** Milliseconds of the monotonic clock, the same for every process of this boot. Stands still in suspend. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1000n) / 1000;
}

/** Milliseconds since the boot, suspend included. Resolution 10 ms or better. */
export function sinceBootMs(): number {
  return uptime() * 1000;
}

/** Names the machine across boots: /etc/machine-id, else its host name. */
export function machineId(): string {
  const id = readLine('/etc/machine-id');
  return id !== null && /^[0-9a-f]{32}$/.test(id) ? id : `host-${hostname().replace(/[^A-Za-z0-9.-]/g, '-')}`;
}

/** Names this very git folder on this machine: a copy of it, elsewhere, has another name (protocol 1, "Mine"). */
export function placeOf(gitFolder: string): string {
  return `${machineId()}:${statSync(gitFolder, { bigint: true }).ino}`;
}
