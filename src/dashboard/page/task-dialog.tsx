import { useEffect, useRef, useState } from 'preact/hooks';
import type { NodeRow, TaskRow } from '../rows.ts';
import { useNow } from './now.ts';
import { State } from './parts.tsx';
import { act, type Done } from './token.ts';
import { leaseWords, since } from './words.ts';

interface Props {
  readonly id: string;
  readonly task: TaskRow | undefined;
  /** What is known of one that is in no list. */
  readonly node: NodeRow | undefined;
  readonly token: string | null;
  readonly onClose: () => void;
  readonly onDone: (text: string) => void;
}

/** One task, and what can be done to it. */
export function TaskDialog({ id, task, node, token, onClose, onDone }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const state = task?.group ?? node?.state;
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="task-title" class="task">
      <header>
        <h2 id="task-title">
          <bdi>{task?.title ?? node?.title ?? id}</bdi>
        </h2>
        <form method="dialog">
          <button type="submit" class="close" aria-label="Close">
            ×
          </button>
        </form>
      </header>
      <p class="line">
        <bdi class="id">{id}</bdi> {state !== undefined && <State state={state} />}
      </p>
      {task === undefined ? (
        <p class="empty">
          It is in none of the lists now. <code>git coord show {id}</code> has all of it.
        </p>
      ) : (
        <Facts task={task} />
      )}
      {token === null ? (
        <p class="note">The page only shows. With the whole address that the command printed one can act here too.</p>
      ) : (
        task !== undefined && <Actions task={task} token={token} onDone={onDone} />
      )}
    </dialog>
  );
}

function Facts({ task }: { readonly task: TaskRow }) {
  const nowMs = useNow();
  const { claim, because, next } = task;
  const rows: [string, preact.ComponentChildren][] = [
    ...(claim === null
      ? []
      : ([
          ['held by', <bdi key="a">{claim.agent}</bdi>],
          ['for', since(claim.claimedAt, nowMs)],
          ['progress', claim.percent === null ? 'not told' : `${Math.round(claim.percent)} %`],
          ['lease', leaseWords(claim.lapsesMs - nowMs)],
        ] as [string, preact.ComponentChildren][])),
    ['type', <bdi key="t">{task.type}</bdi>],
    ['priority', task.priority],
    ['tries', `${task.attempts} of ${task.triesMax}`],
    ['workflow', task.workflow === null ? 'none' : <bdi key="w">{task.workflow}</bdi>],
    ...(task.labels.length === 0
      ? []
      : ([['labels', <bdi key="l">{task.labels.join(', ')}</bdi>]] as [string, preact.ComponentChildren][])),
    ['added', `${since(task.createdAt, nowMs)} ago`],
    ['last moved', `${since(task.updatedAt, nowMs)} ago`],
  ];
  return (
    <>
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {claim !== null && claim.text !== '' && (
        <p class="note">
          <bdi>{claim.text}</bdi>
        </p>
      )}
      {because.length > 0 && (
        <ul class="reasons">
          {because.map((text) => (
            <li key={text}>
              <bdi>{text}</bdi>
            </li>
          ))}
        </ul>
      )}
      {next.length > 0 && (
        <p class="note">
          What helps:{' '}
          {next.map((command) => (
            <code key={command}>{command}</code>
          ))}
        </p>
      )}
    </>
  );
}

interface ActionsProps {
  readonly task: TaskRow;
  readonly token: string;
  readonly onDone: (text: string) => void;
}

function Actions({ task, token, onDone }: ActionsProps) {
  const [asks, setAsks] = useState<'release' | 'cancel' | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [failed, setFailed] = useState<Done | null>(null);
  const [priority, setPriority] = useState(String(task.priority));
  const run = async (action: string, words: string, value?: number): Promise<void> => {
    setBusy(true);
    setAsks(null);
    const done = await act(token, action, task.key, value);
    setBusy(false);
    setFailed(done.ok ? null : done);
    if (done.ok) onDone(`${task.key}: ${words}`);
  };
  const isOver = task.state === 'failed';
  return (
    <section class="actions" aria-label="What can be done">
      <form
        class="set-priority"
        onSubmit={(event) => {
          event.preventDefault();
          void run('priority', `has priority ${Number(priority)}`, Number(priority));
        }}
      >
        <label>
          Priority{' '}
          <input
            type="number"
            step={1}
            required
            value={priority}
            onInput={({ currentTarget }) => setPriority(currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={isBusy}>
          Set
        </button>
      </form>
      {task.claim !== null && (
        <button type="button" disabled={isBusy} onClick={() => setAsks('release')}>
          Release
        </button>
      )}
      {isOver && (
        <button type="button" disabled={isBusy} onClick={() => void run('retry', 'is tried again')}>
          Retry
        </button>
      )}
      {!isOver && (
        <button type="button" class="grave" disabled={isBusy} onClick={() => setAsks('cancel')}>
          Cancel the task
        </button>
      )}
      {asks === 'release' && (
        <Sure
          text={`${task.claim?.agent ?? 'Its holder'} loses it, and it goes back to the queue.`}
          word="Release it"
          onYes={() => void run('release', 'released')}
          onNo={() => setAsks(null)}
        />
      )}
      {asks === 'cancel' && (
        <Sure
          text="Nobody will do it; what needs it stays blocked or is skipped."
          word="Cancel it"
          onYes={() => void run('cancel', 'cancelled')}
          onNo={() => setAsks(null)}
        />
      )}
      {failed !== null && (
        <p role="alert" class="bad">
          <bdi>{failed.message}</bdi>{' '}
          {failed.next.map((command) => (
            <code key={command}>{command}</code>
          ))}
        </p>
      )}
    </section>
  );
}

interface SureProps {
  readonly text: string;
  readonly word: string;
  readonly onYes: () => void;
  readonly onNo: () => void;
}

function Sure({ text, word, onYes, onNo }: SureProps) {
  return (
    <div class="sure" role="alertdialog" aria-label={word}>
      <p>
        <bdi>{text}</bdi>
      </p>
      <button type="button" class="grave" onClick={onYes}>
        {word}
      </button>
      <button type="button" onClick={onNo}>
        No
      </button>
    </div>
  );
}
