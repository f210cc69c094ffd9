import type { probeBook } from '../app/profile.ts';
import type { BookSettings } from '../app/setup.ts';
import { bad, type Finding, good, quoted } from '../coordinator/diagnose.ts';
import { placeName } from './init-host.ts';

type Probed = Awaited<ReturnType<typeof probeBook>>;

interface Row {
  readonly id: string;
  readonly trait: 'pushRights' | 'customRefs' | 'compareAndSwap' | 'atomic' | 'nonFastForward' | 'deletes';
  readonly yes: string;
  /** What it means without. */
  readonly no: string;
  /** What allows it on a server of plain git; the book works without. */
  readonly onServer?: string;
}

const rows: readonly Row[] = [
  { id: 'push-rights', trait: 'pushRights', yes: 'you may push', no: 'you may not push' },
  { id: 'custom-refs', trait: 'customRefs', yes: 'refs of the book are taken', no: 'refs of the book are refused' },
  {
    id: 'compare-and-swap',
    trait: 'compareAndSwap',
    yes: 'a stale value is refused',
    no: 'a lost race is not refused: two could hold one task',
  },
  {
    id: 'atomic',
    trait: 'atomic',
    yes: 'all refs of a push or none',
    no: 'no atomic pushes: claims work, but landing is not fenced',
    onServer: 'git config receive.advertiseAtomic true',
  },
  {
    id: 'non-fast-forward',
    trait: 'nonFastForward',
    yes: 'refs can be replaced',
    no: 'refs can only grow: beats are chained',
    onServer: 'git config receive.denyNonFastForwards false',
  },
  {
    id: 'deletes',
    trait: 'deletes',
    yes: 'refs can be deleted',
    no: 'no deletions: released claims stay as records',
    onServer: 'git config receive.denyDeletes false',
  },
];

/** The book that is there can still be read, and goes along. */
const moveCommands = [
  'git coord export > tasks.ndjson',
  'git config coord.prefix refs/heads/coord/',
  'git coord init --yes',
  'git coord import tasks.ndjson',
].join(' && ');

/** Its owner alone can change it. */
const serverWords = 'in the repository on a server of your own:';

/** No setting makes such a server honest: the tasks go to another one. */
const elsewhere = [
  'keep the book on a server of git itself, at an address of yours: git coord export > tasks.ndjson',
  'git coord init --remote <address> --yes',
  'git coord import tasks.ndjson',
].join(' && ');

/** Where git sends what it pushes there. */
export interface PushAddress {
  readonly url: string;
  /** The clone has an address for pushes of its own. */
  readonly isApart: boolean;
}

/** What gives the right to push; of a host that isn't one's own, its owner does. */
function pushRightsFix({ remote }: { readonly remote: string }, { url, isApart }: PushAddress): string {
  if (isApart) return `git config --unset-all ${quoted(`remote.${remote}.pushurl`)}`;
  const server = /^(https?|git):/.exec(url)?.[1];
  const owner = 'ask the owner of the remote for the right to push';
  if (server === undefined) return `${owner}, or for the files of the repository to be yours to write`;
  const setting = server === 'git' ? 'daemon.receivepack' : 'http.receivepack';
  return `${owner}, or ${serverWords} git config ${setting} true`;
}

/** What a probe found, as checks. One that wasn't tried, because of an earlier no, isn't shown. */
export function probeFindings(
  book: BookSettings & { remote: string },
  probed: Probed,
  address: PushAddress,
): Finding[] {
  const fixes: Partial<Record<Row['trait'], string>> = {
    pushRights: pushRightsFix(book, address),
    customRefs: book.prefix.startsWith('refs/heads/') ? 'ask its owner to allow them' : moveCommands,
    compareAndSwap: elsewhere,
  };
  return rows.flatMap(({ id, trait, yes, no, onServer }) => {
    const value = probed[trait];
    if (value === null) return [];
    if (value) return [good(id, yes)];
    const words = probed.words[trait];
    const detail = words === undefined ? no : `${no} (${placeName(book)}: ${words})`;
    if (onServer !== undefined) return [bad(id, detail, `${serverWords} ${onServer}`, null)];
    return [bad(id, detail, fixes[trait] ?? null, 'unavailable')];
  });
}
