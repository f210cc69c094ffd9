import type { EventRow } from '../rows.ts';
import { Empty, Panel } from './parts.tsx';
import { clockTime } from './words.ts';

/** The newest first. It doesn't speak by itself: many things happen. */
export function Events({ events }: { readonly events: readonly EventRow[] }) {
  return (
    <Panel id="events" title="Events">
      {events.length === 0 && <Empty>Nothing has happened yet.</Empty>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <ol class="rows log" tabIndex={0} aria-labelledby="events">
        {events.map((event) => (
          <Event key={event.key} event={event} />
        ))}
      </ol>
    </Panel>
  );
}

function Event({ event: { at, type, by, task, text } }: { readonly event: EventRow }) {
  return (
    <li class={`event e-${type.replace(/[^a-z]+/g, '-')}`}>
      <time dateTime={at}>{clockTime(at)}</time>
      <p>
        {type.startsWith('agent.') ? (
          <>
            <bdi class="type">{by}</bdi> {text === '' ? type.slice('agent.'.length) : <bdi class="by">{text}</bdi>}
          </>
        ) : (
          <>
            <b class="type">{type.replace(/^task\./, '')}</b> {task !== null && <bdi class="id">{task}</bdi>}{' '}
            <span class="by">by </span>
            <bdi class="by">{by}</bdi>
            {text !== '' && <bdi class="text">{text}</bdi>}
          </>
        )}
      </p>
    </li>
  );
}
