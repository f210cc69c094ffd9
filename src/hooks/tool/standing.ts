/**
 * Whether the session holds a task, by what this clone has: its ledger, and the claims that it shows (protocol 1, "Mirror").
 *
 * the ledger                    the claim shown        standing
 * ours, its lease good          any                    held
 * ours, known to be lost        any                    lost
 * ours, its lease over          another's              lost
 * ours, its lease over          ours or none           held, to be renewed
 * another's, or nothing         somebody's             others
 * another's                     none                   others
 * nothing                       none                   nobody
 */

import type { HeldEntry } from '../../store/held-ledger.ts';
import { refLayout } from '../../store/ref-layout.ts';
import { gitEnvironment, runGitNow } from '../../transport/git-process.ts';
import { type Claimant, isOf } from './claimant.ts';

export interface Holder {
  readonly agent: string;
  readonly session: string;
  /** Empty: not known. */
  readonly claimedAt: string;
}

export type Standing =
  | { readonly kind: 'held'; readonly renew: boolean }
  | { readonly kind: 'lost'; readonly holder: Holder | null }
  | { readonly kind: 'others'; readonly holder: Holder }
  | { readonly kind: 'nobody' };

export interface StandingFacts {
  readonly entry: HeldEntry | null;
  /** The entry's lease is good by our own clock. */
  readonly fresh: boolean;
  /** Asked only when it matters, since asking starts git. */
  readonly shown: () => Holder | null;
}

export function standingOf(claimant: Pick<Claimant, 'agent' | 'sessions'>, facts: StandingFacts): Standing {
  const { entry, fresh } = facts;
  const ours = entry !== null && isOf(claimant, entry);
  if (ours && fresh) return { kind: 'held', renew: false };
  const holder = facts.shown();
  if (ours) {
    const taken = holder !== null && !isOf(claimant, holder);
    if (entry.state.lost === true || taken) return { kind: 'lost', holder: taken ? holder : null };
    return { kind: 'held', renew: true };
  }
  if (holder !== null) return { kind: 'others', holder };
  return entry === null ? { kind: 'nobody' } : { kind: 'others', holder: { ...entry, claimedAt: '' } };
}

const gitTimeoutMs = 20_000;

/** Who holds a task by the claim that the clone shows; null: nobody, or it shows none. */
export function shownHolder({ clone, config }: Claimant, env: NodeJS.ProcessEnv, task: string): Holder | null {
  const { mode, prefix } = config.coordination;
  const ref = refLayout(mode === 'local' ? prefix : 'refs/').claims(task);
  const git = { gitDir: clone.gitDir, env: gitEnvironment(env), timeoutMs: gitTimeoutMs };
  const { status, stdout } = runGitNow(['cat-file', 'commit', ref], git);
  return status === 0 ? holderIn(stdout.toString('utf8')) : null;
}

/** A claim that can't be read is somebody's all the same. */
export function holderIn(commit: string): Holder | null {
  try {
    const note = JSON.parse(commit.slice(commit.indexOf('\n\n{') + 2).replace(/^[^{]*/, ''));
    if (note.state === 'released') return null;
    const { agent, session, claimedAt } = note;
    return { agent: String(agent), session: String(session), claimedAt: String(claimedAt) };
  } catch {
    return { agent: 'unknown', session: '', claimedAt: '' };
  }
}
