import { readFileSync } from 'node:fs';

const lookMs = 1000;

/**
 * Calls `gone` when the git that runs us was killed: it can't pass that on. Only when git is our parent: who starts us from a
 * shell that then ends wants us to go on. Answers what ends the looking.
 */
export function onGitGone(gone: () => void): () => void {
  const parent = process.ppid;
  if (!isGit(parent)) return () => {};
  const timer = setInterval(() => {
    if (process.ppid !== parent) gone();
  }, lookMs);
  timer.unref();
  return () => clearInterval(timer);
}

function isGit(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'git';
  } catch {
    return false;
  }
}
