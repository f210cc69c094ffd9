import type { App } from '../app/open-app.ts';
import { formatDuration } from '../config/durations.ts';
import { ownerProcess } from '../config/owner.ts';
import type { ClaimRequest } from '../coordinator/book.ts';
import type { ClaimResult } from '../coordinator/claim-task.ts';
import { CoordError } from '../errors.ts';
import { branchName, taskBranch } from '../worker/branch-tips.ts';
import { filterOf } from './filter.ts';
import type { Context } from './frame/context.ts';
import type { Parsed } from './frame/parsed.ts';
import type { Run } from './frame/spec.ts';
import { oneLine } from './frame/text.ts';
import { withBook } from './with-book.ts';

export const run: Run = (context, parsed) => {
  const [id] = parsed.positionals;
  const next = parsed.flag('next');
  if ((id === undefined) !== next) {
    throw new CoordError(
      'usage',
      next ? 'claim takes an id or --next, not both' : 'claim what? Name a task or say --next',
      {
        next: ['git coord claim --next', 'git coord ready'],
      },
    );
  }
  const chooses = filterOf(parsed, false);
  const named = [chooses.state, chooses.type, chooses.label].some((list) => (list?.length ?? 0) > 0);
  if (id !== undefined && (named || chooses.workflow !== undefined)) {
    throw new CoordError('usage', 'filters choose among the tasks of --next; a task that is named is that task', {
      next: [`git coord claim ${id}`, 'git coord claim --next --help'],
    });
  }
  return withBook(context, parsed, async ({ app, book, command }) => {
    const request = claimRequest(context, parsed);
    const result =
      id === undefined ? await book.next(chooses, request, command) : await book.claim(id, request, command);
    const previous = await previousWork(app, result);
    return { data: { ...result, previous }, text: claimedText(result) + previousText(result, previous) };
  });
};

interface PreviousWork {
  readonly branch: string;
  readonly commit: string;
}

/** What whoever held the task before has pushed for it, to be continued. The claim stands whether or not it can be looked for. */
async function previousWork({ transport, config }: App, { task, via }: ClaimResult): Promise<PreviousWork | null> {
  if (via === 'already-mine' || task.term < 2) return null;
  const branch = taskBranch(config.tasks.branch, task.id);
  try {
    const commit = (await transport.values([branch])).get(branch);
    return commit === undefined ? null : { branch, commit };
  } catch (error) {
    if (error instanceof CoordError) return null;
    throw error;
  }
}

function previousText({ task }: ClaimResult, previous: PreviousWork | null): string {
  if (previous === null) return '';
  return `${branchName(previous.branch)} has work on it (${previous.commit.slice(0, 12)}): git coord start ${task.id} goes on from there\n`;
}

export function claimRequest(context: Context, parsed: Parsed): ClaimRequest {
  return {
    ttlMs: parsed.number('ttl'),
    ...waiting(context, parsed),
    force: parsed.flag('force'),
    create: !parsed.flag('no-create'),
    owner: ownerOf(context, parsed),
  };
}

/** `--wait`: whoever waits is told what for, once. */
export function waiting({ notice }: Context, parsed: Parsed): Pick<ClaimRequest, 'waitMs' | 'onWait'> {
  const waitMs = parsed.number('wait');
  if (waitMs === undefined) return {};
  return { waitMs, onWait: (why) => notice(`${why}: waiting for ${formatDuration(waitMs)} at most`) };
}

/** The process that a claim lives and dies with: `--owner-pid`, else `$COORD_OWNER_PID`. */
export function ownerOf({ env }: Context, parsed: Parsed): ClaimRequest['owner'] {
  const pid = parsed.number('owner-pid') ?? (env.COORD_OWNER_PID ? Number(env.COORD_OWNER_PID) : undefined);
  return pid === undefined ? undefined : ownerProcess(pid);
}

const viaText = {
  free: 'claimed',
  created: 'created and claimed',
  takeover: 'taken over: its lease had expired',
  force: 'taken from its holder',
  'already-mine': 'yours already',
} as const;

export function claimedText({ task, via }: ClaimResult): string {
  return `${task.id}: ${viaText[via]} (term ${task.term}): ${oneLine(task.title)}\n`;
}
