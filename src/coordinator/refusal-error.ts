import type { Refusal } from '../domain/decision.ts';
import { quoted } from '../domain/quoted.ts';
import { CoordError } from '../errors.ts';

/** A refusal in words: what happened, who holds what, what to type next (docs/cli.md, "Exit codes"). */
export function refusalError(id: string, refusal: Refusal): CoordError {
  switch (refusal.reason) {
    case 'not-found':
      return new CoordError('not-found', `there is no task ${id}`, {
        next: ['git coord list'],
      });
    case 'bad-note':
      return new CoordError('not-ready', `${id} can't be read: ${refusal.why}`, {
        hint: 'Other tasks are not affected. If it was written by a newer git-coord, install that version.',
        next: [`git coord log ${id}`],
      });
    case 'went-back':
      return new CoordError(
        'unavailable',
        `${id}: the remote shows an older state of this task than this clone has seen there`,
        {
          hint: 'The remote was restored from a backup, or its refs were overwritten. Nothing is written to this task until what this clone has seen of it is put back.',
          next: ['git coord restore --dry-run', 'git coord restore'],
        },
      );
    case 'held':
      return heldError(id, refusal);
    case 'lost':
      return new CoordError('lost', lostText[refusal.how](id, refusal.agent), {
        hint: 'Work that was done stays on its branch; it is not lost.',
        next: [`git coord log ${id}`, `git coord ${refusal.archived ? 'show' : lostNext[refusal.how]} ${id}`],
      });
    case 'not-claimed':
      return new CoordError('not-ready', `nobody holds ${id}`, {
        next: [`git coord claim ${id}`],
      });
    case 'wrong-state':
      return wrongStateError(id, refusal);
    case 'blocked':
      return new CoordError('not-ready', `${id} is blocked: it needs ${refusal.by.join(', ')}`, {
        next: ['git coord blocked', `git coord dep tree ${id}`],
        data: { blockedBy: refusal.by },
      });
    case 'circle':
      return new CoordError('usage', `${id} would need itself: ${refusal.way.join(' needs ')}`, {
        hint: 'Nothing was changed. None of these could ever begin.',
        next: [`git coord dep tree ${refusal.way[1] ?? id}`],
        data: { circle: refusal.way },
      });
    case 'paused':
      return new CoordError('not-ready', `${id} is paused`, {
        hint: 'git coord status shows what is paused.',
        next: ['git coord resume'],
      });
    case 'reserved':
      return new CoordError('not-ready', `${id} is reserved for ${refusal.agent}`, { next: ['git coord ready'] });
    case 'archived':
      return new CoordError('exists', `${id} is over and was archived`, {
        hint: 'An id is never used again. What is left to do is another task.',
        next: [`git coord show ${id}`, 'git coord add "…"'],
        data: { archived: true },
      });
    case 'lacking':
      return new CoordError('not-ready', `${id} requires ${refusal.skills.join(', ')}, which ${refusal.agent} lacks`, {
        hint: 'What an agent can do is agents.specializations where it works: git coord config agents.specializations.',
        next: ['git coord agents', 'git coord claim --next'],
        data: { lacking: refusal.skills },
      });
    case 'exists':
      return new CoordError('exists', `there is a task ${id} with other content`, {
        next: [`git coord show ${id}`, `git coord edit ${id} --help`],
      });
  }
}

function heldError(id: string, refusal: Extract<Refusal, { reason: 'held' }>): CoordError {
  const { agent, session, claim } = refusal;
  const since = claim ? ` since ${claim.claimedAt}` : '';
  const doing = claim?.progress ? ` (${quoted(claim.progress.text)})` : '';
  return new CoordError('held', `${id} is held by ${agent}${since}${doing}`, {
    next: ['git coord claim --next', `git coord claim ${id} --wait 10m`],
    data: {
      agent,
      session,
      term: claim?.term ?? null,
      claimedAt: claim?.claimedAt ?? null,
      ttlMs: claim?.ttlMs ?? null,
    },
  });
}

const lostText = {
  'taken-over': (id: string, agent: string | null) =>
    `you no longer hold ${id}: ${agent ?? 'somebody else'} has it now`,
  expired: (id: string) => `you no longer hold ${id}: your lease expired and was given back`,
  cancelled: (id: string) => `you no longer hold ${id}: it was cancelled`,
  finished: (id: string) => `you no longer hold ${id}: it was finished without you`,
  ended: (id: string) => `you no longer hold ${id}: you have ended that claim yourself`,
  restored: (id: string) => `you no longer hold ${id}: the remote had lost it, and it was put back as nobody's`,
} as const;

/** What may help, by how it was lost. */
const lostNext = {
  'taken-over': 'claim',
  expired: 'claim',
  cancelled: 'retry',
  finished: 'show',
  ended: 'show',
  restored: 'claim',
} as const;

function wrongStateError(id: string, { state, error }: Extract<Refusal, { reason: 'wrong-state' }>): CoordError {
  const because = error ? `: ${quoted(error)}` : '';
  const retry = state === 'failed' || state === 'cancelled' ? [`git coord retry ${id}`] : [];
  return new CoordError('not-ready', `${id} is ${state}${because}`, {
    next: [...retry, `git coord show ${id}`],
    data: { state },
  });
}
