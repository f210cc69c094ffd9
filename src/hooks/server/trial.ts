import type { Moves } from './ref-lines.ts';
import type { ServerGit } from './server-git.ts';

export interface Objection {
  readonly ref: string;
  readonly why: string;
}

/** One push under judgement: what moves, what is there, and what was found. */
export class Trial {
  readonly objections: Objection[] = [];
  #whole = true;

  constructor(
    readonly git: ServerGit,
    readonly prefix: string,
    readonly moves: Moves,
    /** The values of the refs that move, and of their tasks' others. */
    readonly current: ReadonlyMap<string, string>,
  ) {}

  /** Whether the verdict follows from the named values alone, whatever other refs show. */
  get whole(): boolean {
    return this.#whole;
  }

  looksFurther(): void {
    this.#whole = false;
  }

  object(ref: string, why: string): void {
    this.objections.push({ ref, why });
  }

  at(ref: string): string | null {
    return this.current.get(ref) ?? null;
  }
}
