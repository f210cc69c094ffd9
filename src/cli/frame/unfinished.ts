import { CoordError } from '../../errors.ts';
import type { Run } from './spec.ts';

/** Stands for a command until it is there. */
export const run: Run = async (_context, parsed) => {
  throw new CoordError('internal', `git coord ${parsed.command} is not there yet`);
};
