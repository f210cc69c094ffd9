import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { span } from './words.ts';

export interface Curve {
  readonly name: string;
  /** A custom property of the style sheet: it differs in the dark. */
  readonly color: string;
  readonly values: readonly (number | null)[];
}

interface Props {
  readonly title: string;
  readonly unit: string;
  /** What it shows, for who can't see it. */
  readonly words: string;
  /** Beginnings of periods, in seconds. */
  readonly times: readonly number[];
  readonly periodMs: number;
  readonly curves: readonly Curve[];
  /** Values are milliseconds. */
  readonly isTime?: boolean;
}

const height = 150;
const dark = matchMedia('(prefers-color-scheme: dark)');

/** Bars side by side, drawn anew when its data, its width or the colours change. */
export function Chart({ title, unit, words, times, periodMs, curves, isTime = false }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [isDark, setDark] = useState(dark.matches);
  const data: uPlot.AlignedData = [[...times], ...stacked(curves)];
  useEffect(() => {
    const change = (): void => setDark(dark.matches);
    dark.addEventListener('change', change);
    return () => dark.removeEventListener('change', change);
  }, []);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const chart = new uPlot(optionsOf(element, curves, isTime), data, element);
    plot.current = chart;
    const resized = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
  }, [isDark, periodMs]);
  const mark = JSON.stringify(data);
  useEffect(() => plot.current?.setData(data), [mark]);
  return (
    <figure class="chart">
      <figcaption>
        <b>{title}</b> <small>{unit}</small>
        <p>{words}</p>
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${title}: ${words}`} />
    </figure>
  );
}

/** Each curve stands on those before it. The tallest comes first, and those below are drawn over it. */
function stacked(curves: readonly Curve[]): (number | null)[][] {
  return curves
    .map((curve, at) =>
      curve.values.map((value, index) =>
        value === null ? null : curves.slice(0, at).reduce((sum, { values }) => sum + (values[index] ?? 0), value),
      ),
    )
    .reverse();
}

function optionsOf(element: HTMLElement, curves: readonly Curve[], isTime: boolean): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const font = `11px ${style.fontFamily}`;
  const axis: uPlot.Axis = {
    stroke: color('--muted'),
    font,
    grid: { stroke: color('--line'), width: 1 },
    ticks: { show: false },
  };
  const bars = uPlot.paths.bars?.({ size: [0.7, 22], radius: 0.15 });
  const series = curves.toReversed().map(({ name, color: of }) => ({
    label: name,
    fill: color(of),
    stroke: color(of),
    width: 0,
    points: { show: false },
    ...(bars && { paths: bars }),
  }));
  return {
    width: element.clientWidth,
    height,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.15 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, space: 60, size: 24, values: '{HH}:{mm}' },
      {
        ...axis,
        size: isTime ? 52 : 32,
        space: 32,
        ...(isTime
          ? { values: (_plot: uPlot, ticks: number[]) => ticks.map((ms) => (ms === 0 ? '0' : span(ms))) }
          : { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }),
      },
    ],
    series: [{}, ...series],
  };
}
