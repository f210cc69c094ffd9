import type { ArchivePolicy } from '../domain/decide-archive.ts';
import type { Config } from './config.ts';

/** When the sweeper archives what is finished. */
export const archivePolicy = ({ history }: Config): ArchivePolicy => ({
  all: false,
  afterMs: history.archiveAfterMs,
  above: history.archiveAbove,
});
