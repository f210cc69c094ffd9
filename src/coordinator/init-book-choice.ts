import type { BookChoice } from '../config/config.ts';

export interface ChoiceFacts {
  readonly flags: { readonly remote: string | undefined; readonly local: boolean };
  /** What `git config` says; a clone that has chosen keeps to it. */
  readonly own: BookChoice;
  /** What the shared file says. */
  readonly file: BookChoice;
  /** Whether the clone has a remote of this name. */
  readonly hasRemote: (name: string) => boolean;
}

export interface ChosenBook {
  readonly mode: 'local' | 'remote';
  /** A remote's name or an address; null in the embedded mode. */
  readonly remote: string | null;
  readonly prefix: string;
}

/** Which book `init` makes or joins: flags, then `git config`, then the shared file, then what there is. */
export function chooseBook({ flags, own, file, hasRemote }: ChoiceFacts): ChosenBook {
  const prefix = own.prefix ?? file.prefix ?? 'refs/';
  if (flags.remote !== undefined) return { mode: 'remote', remote: flags.remote, prefix };
  if (flags.local) return { mode: 'local', remote: null, prefix };
  const remote = own.remote ?? file.remote ?? 'origin';
  const settled = [own.mode, file.mode].find((mode) => mode === 'local' || mode === 'remote');
  const isAddress = /[/:\\]/.test(remote);
  const mode = settled ?? (isAddress || hasRemote(remote) ? 'remote' : 'local');
  return mode === 'remote' ? { mode, remote, prefix } : { mode: 'local', remote: null, prefix };
}
