import { countLine } from '../domain/metrics/count-line.ts';
import { noTotals, type Totals } from '../domain/metrics/totals.ts';
import { fileFolder } from '../store/folder.ts';
import { metricsPath } from '../store/metrics-log.ts';
import { countMetrics } from '../store/metrics-totals.ts';

/** What the commands, the daemon and the programs of a clone have done, ever. */
export const commandTotals = (coordDir: string): Totals =>
  countMetrics(metricsPath(coordDir), fileFolder(coordDir), { empty: noTotals, add: countLine });
