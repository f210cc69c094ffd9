import { useState } from 'preact/hooks';
import { type PeriodRow, type RangeName, rangeNames, ranges } from '../rows.ts';
import { Chart, type Curve } from './chart.tsx';
import { Panel } from './parts.tsx';
import { counted, span } from './words.ts';

const rangeWords: Readonly<Record<RangeName, string>> = { hour: 'hour', day: 'day', week: 'week' };

/** What was done, how long it waited, how long it took: over the last hour, day or week. */
export function Charts({ periods, nowMs }: { readonly periods: readonly PeriodRow[]; readonly nowMs: number }) {
  const [range, setRange] = useState<RangeName>('hour');
  const { periodMs, periods: count } = ranges[range];
  const lastMs = Math.floor(nowMs / periodMs) * periodMs;
  const byTime = new Map(periods.filter((one) => one.range === range).map((one) => [one.fromMs, one]));
  const times = Array.from({ length: count }, (_, index) => lastMs - (count - 1 - index) * periodMs);
  const rows = times.map((ms) => byTime.get(ms));
  const done = rows.map((row) => row?.succeeded ?? 0);
  const failed = rows.map((row) => row?.failed ?? 0);
  const seconds = times.map((ms) => ms / 1000);
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  const choice = (
    <fieldset class="ranges">
      <legend class="hidden">Time that the charts show</legend>
      {rangeNames.map((name) => (
        <label key={name}>
          <input type="radio" name="range" value={name} checked={name === range} onChange={() => setRange(name)} />
          <span>{rangeWords[name]}</span>
        </label>
      ))}
    </fieldset>
  );
  const each = span(periodMs);
  return (
    <Panel id="charts" title="Over time" aside={choice}>
      <div class="charts">
        <Chart
          title="Throughput"
          unit={`tasks in ${each}`}
          words={`${counted(sum(done), 'task')} done, ${sum(failed)} failed in the last ${range}`}
          times={seconds}
          periodMs={periodMs}
          curves={[
            { name: 'done', color: '--done', values: done },
            { name: 'failed', color: '--failed', values: failed },
          ]}
        />
        <Chart
          title="Wait"
          unit="from open to claimed, on average"
          words={meanWords(rows.map((row) => row?.waitMs ?? null))}
          times={seconds}
          periodMs={periodMs}
          curves={[
            timeCurve(
              'wait',
              '--waiting',
              rows.map((row) => row?.waitMs ?? null),
            ),
          ]}
          isTime
        />
        <Chart
          title="Run time"
          unit="from claimed to done, on average"
          words={meanWords(rows.map((row) => row?.runMs ?? null))}
          times={seconds}
          periodMs={periodMs}
          curves={[
            timeCurve(
              'run time',
              '--claimed',
              rows.map((row) => row?.runMs ?? null),
            ),
          ]}
          isTime
        />
      </div>
    </Panel>
  );
}

const timeCurve = (name: string, color: string, values: readonly (number | null)[]): Curve => ({ name, color, values });

function meanWords(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return 'nothing has ended in this time';
  const [least, most] = [span(Math.min(...known)), span(Math.max(...known))];
  return least === most ? least : `between ${least} and ${most}`;
}
