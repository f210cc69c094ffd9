import { type FSWatcher, watch } from 'node:fs';
import { makeFolder } from '../transport/make-folder.ts';

/** Tells at once when a process of this clone has changed the book, or the daemon has read it. */
export interface LocalChanges {
  /** Until something changed here, `ms` have passed, or `wake` was called. Changes since the last pause count. */
  pause(ms: number): Promise<'changed' | 'passed'>;
  wake(): void;
  close(): void;
}

/** What writers and the daemon write last (store/freshness.ts). */
const tellingFiles = new Set(['wrote.json', 'read.json']);

/** Where folders can't be watched, nothing is told, and whoever pauses looks when time has passed. */
export function openLocalChanges(coordDir: string): LocalChanges {
  let changed = false;
  let woken = false;
  let end: () => void = () => {};
  const watcher = watchFolder(coordDir, (name) => {
    if (!tellingFiles.has(name)) return;
    changed = true;
    end();
  });
  return {
    async pause(ms) {
      if (!changed && !woken) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.max(0, ms));
          end = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      const answer = changed ? 'changed' : 'passed';
      [changed, woken] = [false, false];
      return answer;
    },
    wake() {
      woken = true;
      end();
    },
    close: () => watcher?.close(),
  };
}

function watchFolder(folder: string, onFile: (name: string) => void): FSWatcher | null {
  try {
    makeFolder(folder);
    const watcher = watch(folder, { persistent: false }, (_event, name) => onFile(name ?? ''));
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return null;
  }
}
