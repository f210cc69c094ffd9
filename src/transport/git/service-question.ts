import type { ConfigEntry } from '../git-config.ts';

/** Pushes, and reads. */
export type Service = 'git-receive-pack' | 'git-upload-pack';
export type ServiceTarget = HttpTarget | FolderTarget;

export interface HttpTarget {
  readonly service: Service;
  /** `…/git-receive-pack` */
  readonly url: URL;
  /** As `http.extraHeader` gives them. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface FolderTarget {
  readonly service: Service;
  /** As the address has it: relative ones begin in `cwd`. */
  readonly folder: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface ServiceQuestion {
  readonly service: Service;
  /** A remote's name or an address. */
  readonly remote: string;
  /** The clone's configuration. */
  readonly entries: readonly ConfigEntry[];
  readonly env: NodeJS.ProcessEnv;
  /** Where relative addresses begin. */
  readonly cwd: string;
}
