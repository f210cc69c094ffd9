import { setImmediate as nextTurn } from 'node:timers/promises';
import { CoordError } from '../errors.ts';
import type { Transport } from '../transport/port.ts';
import { type AskTips, taskBranch } from '../worker/branch-tips.ts';
import { cloneGit } from '../worker/clone-git.ts';
import type { LandingGates } from '../worker/gates/landing-gates.ts';
import { type LandingPlace, landingCode, reviewCode } from '../worker/landing-code.ts';
import { likelyTarget, targetOf } from '../worker/target-name.ts';
import { type Work, workOf } from '../worker/work.ts';
import { gatesOf } from './gates-of.ts';
import { landingPlace } from './landing-place.ts';
import type { App } from './open-app.ts';

export interface LandingRequest {
  readonly task: string;
  /** The branch to land on; the remote's default branch when absent. */
  readonly onto: string | undefined;
  /** What lands; HEAD when absent. */
  readonly from: string | undefined;
  /** What goes on, for people. */
  readonly tell: (text: string) => void;
  readonly whileStoppable: LandingGates['whileStoppable'];
}

/** So many turns of the event loop, and what is asked of a near remote is on its way. */
const turnsToSend = 4;

/** A landing from the worktree of this app. @throws CoordError `not-ready` without a worktree */
export async function landingOn(app: App, { task, onto, from, tell, whileStoppable }: LandingRequest) {
  const { clone, env, config, book } = app;
  if (clone.topLevel === null)
    throw new CoordError('not-ready', 'there is no worktree here, so there is no work to land', {
      hint: 'Land from a worktree of the task.',
    });
  const git = cloneGit(clone.topLevel, env);
  const branch = taskBranch(config.tasks.branch, task);
  const { remote } = book;
  const likely = remote === null || onto !== undefined ? null : likelyTarget(clone.gitConfig, remote);
  // the remote answers while git says what the target is
  const early = askingEarly(app.transport, likely);
  // to start git keeps this thread from sending it
  for (let turn = 0; likely !== null && turn < turnsToSend; turn++) await nextTurn();
  const placeOf = (target: string, tracked: string | null): LandingPlace => ({
    ...landingPlace(app, git.dir, task, target),
    tracked,
    ask: early(book.remote === null ? null : target),
    gates: gatesOf({ quality: config.quality, env, tell, tellSkipped: true, whileStoppable }),
  });
  const look = async () => {
    const [place, work] = await Promise.all([
      targetOf(git, book.remote, onto).then(({ name, tracked }) => placeOf(`refs/heads/${name}`, tracked)),
      workOf({ git, gitDir: clone.gitDir, task, from, branchPattern: config.tasks.branch }),
    ]);
    tellUntracked(work, tell);
    return { place, work };
  };
  return {
    attemptsMax: config.land.attemptsMax,
    code: async () => {
      const { place, work } = await look();
      return landingCode(place, work);
    },
    reviewCode: async () => {
      const { place, work } = await look();
      return reviewCode(place, work, branch);
    },
  };
}

/** They don't land, and what a check says may rest on them. */
function tellUntracked({ untracked: files }: Work, tell: (text: string) => void): void {
  if (files.length === 0) return;
  const more = files.length > 3 ? ` and ${files.length - 3} more` : '';
  tell(`not committed, so not in what lands: ${files.slice(0, 3).join(', ')}${more}`);
}

/**
 * Asks for a branch before it is known whether that is the one, and while it is found out whose the task is: the first answer is
 * of that moment.
 */
function askingEarly(transport: Transport, likely: string | null) {
  const asked = (ref: string | null): ReturnType<AskTips> | null => {
    const answer = ref === null ? null : transport.values([ref]);
    // it is asked again, then
    answer?.catch(() => {});
    return answer;
  };
  const sooner = asked(likely);
  return (target: string | null): AskTips => {
    let early = target === likely ? sooner : asked(target);
    return async (wanted) => {
      const first = early;
      early = null;
      const answer = await first?.catch(() => null);
      return answer ?? transport.values(wanted);
    };
  };
}
