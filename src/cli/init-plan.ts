import { bookSettings, type Setup } from '../app/setup.ts';
import { configFileName } from '../config/file.ts';
import type { ChosenBook } from '../coordinator/init-book-choice.ts';
import { withoutPassword } from '../coordinator/init-book-peek.ts';
import type { Answer } from './frame/context.ts';
import type { Checklist } from './init-look.ts';
import { checklistLines, reportLines } from './init-look-text.ts';

export interface Plan {
  readonly chosen: ChosenBook;
  /** A book is there. */
  readonly isThere: boolean;
  readonly moves: boolean;
  /** `.coord.yml` would be written. */
  readonly config: boolean;
  readonly checklist: Checklist;
}

/** What `init --dry-run` answers. */
export function planned(setup: Setup, { chosen, isThere, moves, config, checklist }: Plan): Answer {
  const current = bookSettings(setup);
  const remote = chosen.remote === null ? null : withoutPassword(chosen.remote);
  const report = {
    mode: chosen.mode,
    remote,
    prefix: chosen.prefix,
    book: null,
    joined: isThere && !moves,
    agent: null,
    session: null,
    host: null,
    next: ['git coord init'],
    registered: false,
    agents: [],
    config: { path: checklist.configFile, written: false },
    checklist,
    dryRun: true,
  };
  const place = remote === null ? 'in this clone' : `on ${remote}`;
  const what = moves ? 'move the local book there' : isThere ? 'join the book that is there' : 'make a new book';
  const steps = [
    ...(remote === null ? [] : ['try what the remote allows, with scratch refs that are deleted again']),
    `${what}: ${chosen.prefix}coord/format ${place}`,
    `write git config coord.mode ${chosen.mode}${remote === null ? '' : `, coord.remote ${remote}`}, coord.prefix, coord.book`,
    'register this agent in the book',
  ];
  const file = config ? [`write ${configFileName}, with every setting and its default`] : [];
  const already = current !== null && isThere && current.mode === chosen.mode && current.remote === chosen.remote;
  const text = [...(already ? ['this clone uses that book already: nothing but a check'] : steps), ...file];
  const found = reportLines(checklistLines(checklist));
  return {
    data: { ...report, steps: text },
    text: `would do, ${place}:\n${text.map((step) => `  ${step}\n`).join('')}${found.map((line) => `${line}\n`).join('')}`,
  };
}
