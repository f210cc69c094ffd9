import type { Commands, Happened } from './commands.ts';

/** Gets what resources' readers are to know. */
export interface Listener {
  listChanged(): void;
  updated(uri: string): void;
}

/**
 * Tells which resources have changed. The book is watched once somebody has listed or subscribed, and not before: looking at
 * the remote every few seconds is nothing to do for nobody.
 */
export class Changes {
  readonly #commands: Commands;
  readonly #listener: Listener;
  readonly #subscribed = new Set<string>();
  readonly #end = new AbortController();
  #begun: Promise<void> | undefined;

  constructor(commands: Commands, listener: Listener) {
    this.#commands = commands;
    this.#listener = listener;
  }

  /**
   * Resolves once nothing is missed any more; with the remote away at once, and all is told to have changed when it is back.
   * @throws CoordError `not-found` (no book here), `config`: the next call tries again
   */
  begin(): Promise<void> {
    this.#begun ??= new Promise((resolve, reject) => {
      let isLate = false;
      const onBegin = (): void => {
        resolve();
        if (isLate) this.#tellAll();
      };
      const onAway = (): void => {
        isLate = true;
        resolve();
      };
      this.#commands
        .watch({ signal: this.#end.signal, onBegin, onAway, onEvent: (event) => this.#tell(event) })
        .then(resolve, reject)
        .finally(() => {
          this.#begun = undefined;
        });
    });
    return this.#begun;
  }

  subscribe(uri: string): void {
    this.#subscribed.add(uri);
  }

  unsubscribe(uri: string): void {
    this.#subscribed.delete(uri);
  }

  end(): void {
    this.#end.abort();
  }

  #tellAll(): void {
    for (const uri of this.#subscribed) this.#listener.updated(uri);
    this.#listener.listChanged();
  }

  #tell(event: Happened): void {
    const { uris, isListed } = changedBy(event);
    for (const uri of uris) if (this.#subscribed.has(uri)) this.#listener.updated(uri);
    if (isListed) this.#listener.listChanged();
  }
}

/** Steps after which the same tasks are listed: the task goes on. A claim may have made it. */
const goesOn = new Set(
  ['edit', 'release', 'expire', 'take-over', 'review', 'assign', 'pause', 'resume', 'repair'].map((op) => `task.${op}`),
);

/** The resources that an event changes, and whether it changes which there are. */
export function changedBy({ type, by, task, data }: Happened): { uris: string[]; isListed: boolean } {
  if (type.startsWith('agent.'))
    return { uris: ['coord://agents', `coord://agents/${by}`], isListed: type === 'agent.registered' };
  if (!type.startsWith('task.') || task === null) return { uris: [], isListed: false };
  const isNew = typeof data === 'object' && data !== null && 'title' in data;
  return {
    uris: ['coord://tasks', `coord://tasks/${task}`],
    isListed: type === 'task.claim' ? isNew : !goesOn.has(type),
  };
}
