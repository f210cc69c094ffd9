/** Real processes, as the system lists them. */
import { readdirSync, readFileSync } from 'node:fs';

/** Living processes that have this on their command line. */
export function running(word: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => commandLine(name).includes(word))
    .map(Number);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** What a process and those that it started have used so far, and hold now. Linux. */
export function usageOf(pid: number): { cpuMs: number; rssBytes: number } {
  const fields = statOf(pid);
  if (fields === null) return { cpuMs: 0, rssBytes: 0 };
  // in ticks of 10 ms: its own, and of children that have ended
  const own = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) * 10;
  const started = childrenOf(pid).map(usageOf);
  return {
    cpuMs: started.reduce((sum, { cpuMs }) => sum + cpuMs, own),
    rssBytes: started.reduce((sum, { rssBytes }) => sum + rssBytes, Number(fields[21]) * 4096),
  };
}

/** The fields of `/proc/<pid>/stat` after the name, which may have spaces. */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  } catch {
    return [];
  }
}
