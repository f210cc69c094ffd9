import { type ComponentChildren, createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { wordsOf } from './words.ts';

/** Shows a task in full, with what can be done to it. */
export const OpenTask = createContext<(id: string) => void>(() => {});

interface PanelProps {
  readonly id: string;
  readonly title: string;
  readonly count?: string | number | undefined;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Panel({ id, title, count, aside, children }: PanelProps) {
  return (
    <section class={`panel panel-${id}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>
          {title}
          {count !== undefined && <span class="count">{count}</span>}
        </h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

export const Empty = ({ children }: { readonly children: ComponentChildren }) => <p class="empty">{children}</p>;

/** How many there are beside those that are shown. */
export function More({
  all,
  shown,
  command,
}: {
  readonly all: number;
  readonly shown: number;
  readonly command: string;
}) {
  if (all <= shown) return null;
  return (
    <p class="more">
      {all - shown} more: <code>{command}</code>
    </p>
  );
}

export const State = ({ state }: { readonly state: string }) => (
  <span class={`state s-${state}`}>{wordsOf(state)}</span>
);

/** A task by its id and title. Other people's texts stand alone: what direction they run in turns nothing beside them. */
export function TaskName({ id, title }: { readonly id: string; readonly title: string }) {
  const open = useContext(OpenTask);
  return (
    <button type="button" class="task-name" onClick={() => open(id)}>
      <bdi class="title">{title}</bdi>
      <bdi class="id">{id}</bdi>
    </button>
  );
}
