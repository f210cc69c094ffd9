import { checkStore, probeBook, storedProfile } from '../app/profile.ts';
import type { Setup } from '../app/setup.ts';
import type { HostProfile } from '../config/hosts.ts';
import { withoutPassword } from '../coordinator/init-book-peek.ts';
import { CoordError } from '../errors.ts';

/** What the place of a book allows (docs/cli.md, `doctor`). Null: not known, or no such thing in the embedded mode. */
export interface HostReport {
  readonly compareAndSwap: boolean | null;
  readonly customRefs: boolean | null;
  readonly atomic: boolean | null;
  readonly deletes: boolean | null;
  readonly nonFastForward: boolean | null;
  readonly protocolV2: boolean | null;
  readonly maxPushesPerMinute: number | null;
}

export const unknownHost: HostReport = {
  compareAndSwap: null,
  customRefs: null,
  atomic: null,
  deletes: null,
  nonFastForward: null,
  protocolV2: null,
  maxPushesPerMinute: null,
};

type Found = Omit<HostReport, 'maxPushesPerMinute'>;

const everything = { compareAndSwap: true, customRefs: true, atomic: true, deletes: true, nonFastForward: true };

/** @param found null: git itself, in this clone */
export function hostReport(found: Found | null, host: HostProfile | null): HostReport {
  const { compareAndSwap, customRefs, atomic, deletes, nonFastForward, protocolV2 } = found ?? {
    ...everything,
    protocolV2: null,
  };
  const maxPushesPerMinute = host?.pushesPerMinute ?? null;
  return { compareAndSwap, customRefs, atomic, deletes, nonFastForward, protocolV2, maxPushesPerMinute };
}

export interface RemotePlace {
  readonly remote: string;
  readonly prefix: string;
  readonly host: HostProfile | null;
}

/** Who it is, in a message: the host where there is one. */
export function placeName({ remote, host }: RemotePlace): string {
  return host?.name ?? withoutPassword(remote);
}

/**
 * @param mayRemember whether an earlier probe of this remote is enough
 * @throws CoordError `unavailable` when the remote can't be asked, or can't keep a book
 */
export async function trustedHost(setup: Setup, place: RemotePlace, mayRemember: boolean): Promise<HostReport> {
  const stored = mayRemember ? storedProfile(setup, place.remote) : null;
  if (stored?.trusted) return hostReport({ ...stored, compareAndSwap: true, customRefs: true }, place.host);
  // what an earlier book left may be broken, and spoil every push
  await checkStore(setup);
  const probed = await probeBook(setup, place.remote, place.prefix);
  const problem = whyUnfit(place, probed);
  if (problem !== null) throw problem;
  return hostReport(probed, place.host);
}

/** Why this remote can't keep a book, or null. */
export function whyUnfit(place: RemotePlace, probed: Awaited<ReturnType<typeof probeBook>>): CoordError | null {
  const { words } = probed;
  const name = placeName(place);
  if (probed.pushRights === false)
    return new CoordError('unavailable', `${name} takes no pushes from you: ${words.pushRights ?? ''}`, {
      hint: 'A book needs the right to push.',
    });
  if (probed.customRefs === false) {
    const onBranches = place.prefix.startsWith('refs/heads/');
    return new CoordError('unavailable', `${name} refuses refs below ${place.prefix}: ${words.customRefs ?? ''}`, {
      hint: onBranches ? 'Ask its owner to allow them.' : 'Some hosts accept branches only: keep the book below one.',
      next: onBranches ? [] : ['git config coord.prefix refs/heads/coord/', 'git coord init'],
    });
  }
  if (probed.compareAndSwap !== true)
    return new CoordError(
      'unavailable',
      `${name} can't be trusted with claims: ${words.compareAndSwap ?? 'it could not be tried'}`,
      { hint: 'Two agents could be told that they hold the same task. Use another server: git itself, for one.' },
    );
  return null;
}
