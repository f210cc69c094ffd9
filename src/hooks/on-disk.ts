import { CoordError } from '../errors.ts';

/** Does what reads and writes hooks. @throws CoordError `unavailable` for what the system refuses there: that is no defect */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof CoordError || !('syscall' in error)) throw error;
    throw new CoordError('unavailable', `the hooks can't be changed: ${error.message}`, {
      hint: 'Put that right, and run the same command again.',
      cause: error,
    });
  }
}
