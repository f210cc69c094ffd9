import type { CountsFact, FiguresFact, PushesFact } from '../rows.ts';
import { wordsOf } from './words.ts';

const order = ['claimed', 'ready', 'blocked', 'waiting', 'review', 'failed', 'done'] as const;

interface Props {
  readonly counts: CountsFact;
  readonly figures: FiguresFact;
  readonly pushes: PushesFact;
}

/** The whole book at a glance. */
export function Overview({ counts, figures, pushes }: Props) {
  const of = (state: (typeof order)[number]): number => (state === 'done' ? counts.done : counts.groups[state]);
  const all = order.reduce((sum, state) => sum + of(state), 0);
  const ended = figures.succeeded + figures.failed;
  return (
    <section class="overview" aria-label="Overview">
      <div class="flow panel">
        <div class="bar" aria-hidden="true">
          {order.map((state) => (
            <span key={state} class={`s-${state}`} style={{ flexGrow: all === 0 ? 0 : of(state) / all }} />
          ))}
        </div>
        <dl class="tiles">
          {order.map((state) => (
            <div key={state} class={`tile s-${state}${of(state) === 0 ? ' none' : ''}`}>
              <dt>{wordsOf(state)}</dt>
              <dd>{of(state)}</dd>
            </div>
          ))}
        </dl>
      </div>
      <dl class="figures panel">
        <Figure label="done in the last hour" value={String(figures.lastHour)} />
        <Figure
          label="went well"
          value={ended === 0 ? '–' : `${Math.floor((100 * figures.succeeded) / ended)} %`}
          note={ended === 0 ? 'nothing has ended yet' : `${figures.failed} of ${ended} failed or lapsed`}
        />
        <Figure label="recovered" value={String(figures.recoveries)} note="brought to a good end by the next" />
        <Pushes {...pushes} />
      </dl>
    </section>
  );
}

function Figure({ label, value, note }: { readonly label: string; readonly value: string; readonly note?: string }) {
  return (
    <div class="figure">
      <dt>{label}</dt>
      <dd>
        {value}
        {note && <small>{note}</small>}
      </dd>
    </div>
  );
}

function Pushes({ lastMinute, host, limit }: PushesFact) {
  const note = limit === null ? 'no limit is known here' : `${host} recommends at most ${limit}`;
  return (
    <div class={`figure${limit !== null && lastMinute > limit ? ' over' : ''}`}>
      <dt>pushes in a minute</dt>
      <dd>
        {lastMinute}
        {limit !== null && <span class="of"> / {limit}</span>}
        <small>{note}</small>
      </dd>
    </div>
  );
}
