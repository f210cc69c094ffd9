import type { Context } from '../coordinator/context.ts';
import { type Measured, measuresOp } from '../domain/metrics/count-line.ts';
import { appendMetrics, metricsAreLong, metricsPath, rotateMetrics } from '../store/metrics-log.ts';

/** What one opened book has done, until it is written down for the metrics. */
export interface Meter extends Pick<Context, 'pushed' | 'measured'> {
  /** Writes a line, with all that was counted since the last. */
  write(line: { readonly op: string; readonly result: string; readonly ms: number }): Promise<void>;
  /** The same without a command, if anything was counted. */
  flush(): Promise<void>;
  /** The same if anything was pushed: people are told how many there were in the last minute. */
  flushPushes(): Promise<void>;
}

/** What is counted and not yet written is lost with the process. */
const measuredMax = 64;
const keptMsMax = 30_000;

export interface MeterOptions {
  readonly coordDir: string;
  readonly enabled: boolean;
  readonly wall: () => string;
}

export function openMeter({ coordDir, enabled, wall }: MeterOptions): Meter {
  const path = metricsPath(coordDir);
  let pushes = 0;
  let measured: Measured[] = [];
  let timer: NodeJS.Timeout | undefined;
  const noted = () => {
    timer ??= setTimeout(() => void flush(), keptMsMax).unref();
  };
  const write: Meter['write'] = async (line) => {
    clearTimeout(timer);
    timer = undefined;
    const [sent, did] = [pushes, measured];
    [pushes, measured] = [0, []];
    appendMetrics(path, { at: wall(), ...line, pushes: sent, ...(did.length > 0 && { measured: did }) });
    await rotateWhenLong(coordDir).catch(() => {});
  };
  const flush = async () => {
    if (pushes > 0 || measured.length > 0) await write({ op: measuresOp, result: 'ok', ms: 0 });
  };
  if (!enabled) return noMeter;
  return {
    pushed: () => {
      noted();
      pushes++;
    },
    measured: (what, result, ms, times = 1) => {
      noted();
      measured.push([what, result, Math.round(ms), times]);
      if (measured.length >= measuredMax) void flush();
    },
    write,
    flush,
    flushPushes: async () => {
      if (pushes > 0) await flush();
    },
  };
}

const nothing = async () => {};
const noMeter: Meter = { pushed: () => {}, measured: () => {}, write: nothing, flush: nothing, flushPushes: nothing };

/** Rare: what it needs is loaded then. */
async function rotateWhenLong(coordDir: string): Promise<void> {
  if (!metricsAreLong(metricsPath(coordDir))) return;
  const { commandTotals } = await import('./command-totals.ts');
  rotateMetrics(metricsPath(coordDir), () => commandTotals(coordDir));
}
