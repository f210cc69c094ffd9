import type { Mirror } from '../coordinator/context.ts';
import { type BookSettings, requestTimeoutMs, type Setup, storePath } from './setup.ts';

interface WholeMirror extends Mirror {
  showAll(): Promise<void>;
}

const noMirror: WholeMirror = { show: async () => {}, hide: async () => {}, showAll: async () => {} };

/** Loaded when first used: most commands show nothing. */
export function openMirror(
  { clone, config, env }: Setup,
  book: BookSettings,
  warn: (text: string) => void,
): WholeMirror {
  if (book.mode === 'local' || config.coordination.mirror === 'none') return noMirror;
  const open = async () => {
    const [{ cloneMirror }, { gitEnvironment }] = await Promise.all([
      import('../transport/git/clone-mirror.ts'),
      import('../transport/git-process.ts'),
    ]);
    const { commonDir: cloneGitDir, objectFormat } = clone;
    const options = { cloneGitDir, objectFormat, store: storePath(clone), env: gitEnvironment(env) };
    return cloneMirror({ ...options, timeoutMs: requestTimeoutMs, onProblem: warn });
  };
  return {
    show: async (task, oid) => (await open()).show(task, oid),
    hide: async (task) => (await open()).hide(task),
    showAll: async () => {
      const { refMap } = await import('../transport/git/ref-map.ts');
      await (await open()).showAll(refMap(book.prefix).tracking(`${book.prefix}claims/`));
    },
  };
}
