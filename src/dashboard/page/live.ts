import { type CollectionName, type Collections, collectionNames, type Message } from '../rows.ts';

export type Connection = 'connecting' | 'live' | 'lost';

export type Tables = { readonly [Name in CollectionName]: ReadonlyMap<string, Collections[Name]> };

/** Without a word from the server for so long, it is no longer there. */
const silentMs = 25_000;
const againMs = 2000;

/**
 * What the server told, and goes on telling. The browser connects again by itself and says where it was; where it gives up, or
 * another workflow is chosen, this does. A page that nobody sees isn't told anything, and catches up when it is seen.
 */
export class Live {
  connection: Connection = 'connecting';
  workflow: string;
  /** What the server's clock shows more than this machine's. */
  offsetMs = 0;
  readonly #tables = new Map<CollectionName, Map<string, { readonly key: string }>>(
    collectionNames.map((name) => [name, new Map()]),
  );
  readonly #onChange: () => void;
  #source: EventSource | null = null;
  #after: string | null = null;
  #heardMs = 0;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(workflow: string, onChange: () => void) {
    this.workflow = workflow;
    this.#onChange = onChange;
    document.addEventListener('visibilitychange', () => (document.hidden ? this.#close() : this.#open()));
    setInterval(() => this.#checkSilence(), 5000);
    if (!document.hidden) this.#open();
  }

  get tables(): Tables {
    return Object.fromEntries(this.#tables) as unknown as Tables;
  }

  /** Has the server send the drawing of another workflow. */
  choose(workflow: string): void {
    this.workflow = workflow;
    this.#after = null;
    this.#open();
  }

  #open(): void {
    this.#close();
    const query = new URLSearchParams({ workflow: this.workflow });
    if (this.#after !== null) query.set('after', this.#after);
    const source = new EventSource(`/events?${query}`);
    this.#source = source;
    this.#heardMs = performance.now();
    source.addEventListener('change', ({ data, lastEventId }) => this.#take(JSON.parse(data), lastEventId));
    source.addEventListener('beat', ({ data }) => {
      this.offsetMs = Number(data) - Date.now();
      this.#heard();
    });
    source.addEventListener('error', () => {
      this.#say('lost');
      if (source.readyState === EventSource.CLOSED) this.#openLater();
    });
  }

  #close(): void {
    clearTimeout(this.#again);
    this.#source?.close();
    this.#source = null;
  }

  #openLater(): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.#open(), againMs);
  }

  #take({ whole, set, gone }: Message, id: string): void {
    this.#after = id;
    if (whole) for (const table of this.#tables.values()) table.clear();
    for (const name of collectionNames) {
      const table = this.#tables.get(name);
      for (const key of gone[name] ?? []) table?.delete(key);
      for (const row of set[name] ?? []) table?.set(row.key, row);
    }
    this.#heard();
    this.#onChange();
  }

  #heard(): void {
    this.#heardMs = performance.now();
    this.#say('live');
  }

  #say(connection: Connection): void {
    if (connection === this.connection) return;
    this.connection = connection;
    this.#onChange();
  }

  #checkSilence(): void {
    if (this.#source === null || performance.now() - this.#heardMs < silentMs) return;
    this.#say('lost');
    this.#open();
  }
}
