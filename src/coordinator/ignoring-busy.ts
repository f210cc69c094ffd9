import { CoordError } from '../errors.ts';
import type { Outcome } from './transition.ts';

/** What can't be written now is seen again at the next look. */
export async function ignoringBusy(action: () => Promise<Outcome>): Promise<Outcome | null> {
  return action().catch(unlessBusy);
}

export function unlessBusy(error: unknown): null {
  // `usage`: a record that can't be written must not end the pass over all others.
  if (error instanceof CoordError && ['unavailable', 'unknown', 'usage'].includes(error.code)) return null;
  throw error;
}
