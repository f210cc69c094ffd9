import { ownerGone } from '../config/owner.ts';
import type { Context } from '../coordinator/context.ts';
import type { HeldEntry } from '../store/held-ledger.ts';

/** In how many milliseconds a tenure needs a round; 0 or less: now. Looks at the owner's process, not at the remote. */
export function dueInMs({ clock, intervalMs }: Context, { state, ttlMs }: HeldEntry): number {
  if (state.owner && ownerGone(state.owner)) return 0;
  const nowMs = clock.bootMs();
  const beatMs = state.sentBootMs + intervalMs(ttlMs) - nowMs;
  return state.timeoutMs > 0 ? Math.min(beatMs, state.activeBootMs + state.timeoutMs - nowMs) : beatMs;
}

/** What failed is tried again later and later, up to a limit. Milliseconds. */
export class Backoff {
  #failures = 0;
  #untilMs = 0;

  get untilMs(): number {
    return this.#untilMs;
  }

  failed(nowMs: number, firstMs: number, maxMs: number): void {
    this.#failures++;
    this.#untilMs = nowMs + Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures - 1, 20));
  }

  succeeded(): void {
    this.#failures = 0;
    this.#untilMs = 0;
  }
}
