import type { BookFact } from '../rows.ts';
import type { Connection } from './live.ts';
import { useNow } from './now.ts';
import { span } from './words.ts';

interface Props {
  readonly book: BookFact | undefined;
  readonly connection: Connection;
  readonly mayAct: boolean;
}

export function Header({ book, connection, mayAct }: Props) {
  return (
    <header class="top">
      <h1>
        <img src="/icon.svg" alt="" width={28} height={28} /> git coord
      </h1>
      {book && (
        <p class="book">
          <bdi>{book.project}</bdi>
          <small>
            {book.remote === null ? (
              'a book in this clone'
            ) : (
              <>
                a book on <bdi>{book.remote}</bdi>
              </>
            )}
          </small>
        </p>
      )}
      <p class="pills">
        <span class="pill">{mayAct ? 'can act' : 'only shows'}</span>
        <Pulse book={book} connection={connection} />
      </p>
    </header>
  );
}

/** Whether what is shown is so now. */
function Pulse({ book, connection }: Pick<Props, 'book' | 'connection'>) {
  const nowMs = useNow();
  const away = book?.away ?? null;
  const [level, words] =
    connection === 'lost'
      ? ['bad', 'connects again …']
      : connection === 'connecting'
        ? ['wait', 'connects …']
        : away !== null
          ? ['bad', `not to be read: ${away.message}`]
          : ['good', 'live'];
  return (
    <span class={`pill pulse ${level}`}>
      <span class="dot" aria-hidden="true" />
      <bdi role="status">{words}</bdi>
      {away !== null && <small>for {span(nowMs - away.sinceMs)}</small>}
    </span>
  );
}
