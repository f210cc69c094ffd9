interface Sighting {
  readonly oid: string;
  readonly movedMs: number;
}

/** Since when a ref shows one value, as this process has seen it: the page counts on from there by itself. */
export class Sightings {
  #seen = new Map<string, Sighting>();
  #last = new Map<string, Sighting>();

  /** Begins a look: what the one before did not ask for is forgotten. */
  begin(): void {
    this.#last = this.#seen;
    this.#seen = new Map();
  }

  /** `ageMs`: how long the clone knows it to stand still; counts for a value that was not seen before. */
  movedMs(ref: string, oid: string, ageMs: number, nowMs: number): number {
    const known = this.#last.get(ref);
    const sighting = known?.oid === oid ? known : { oid, movedMs: nowMs - ageMs };
    this.#seen.set(ref, sighting);
    return sighting.movedMs;
  }
}
