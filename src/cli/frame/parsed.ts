export type Value = boolean | number | string | readonly string[];

/** The arguments of one command, checked against its row of the table. */
export class Parsed {
  readonly command: string;
  readonly positionals: readonly string[];
  /** What stood after `--`, for a command that takes it. */
  readonly rest: readonly string[];
  readonly #options: ReadonlyMap<string, Value>;

  constructor(
    command: string,
    positionals: readonly string[],
    rest: readonly string[],
    options: ReadonlyMap<string, Value>,
  ) {
    this.command = command;
    this.positionals = positionals;
    this.rest = rest;
    this.#options = options;
  }

  flag(name: string): boolean {
    return this.#options.get(name) === true;
  }

  text(name: string): string | undefined {
    const value = this.#options.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** Of an `integer`, a `number` or a `duration` (milliseconds). */
  number(name: string): number | undefined {
    const value = this.#options.get(name);
    return typeof value === 'number' ? value : undefined;
  }

  /** Undefined when the option was not given: an empty list says "none". */
  list(name: string): readonly string[] | undefined {
    const value = this.#options.get(name);
    return Array.isArray(value) ? value : undefined;
  }
}
