/** What is known of a host beforehand; null: not known, ask the remote or assume no limit. */
export interface HostProfile {
  /** The host's name without user and port; null for a path on this machine. */
  readonly name: string | null;
  /** How many pushes a minute the host recommends at most, or allows, for a repository. */
  readonly pushesPerMinute: number | null;
  /** Whether `git push --atomic` works there. */
  readonly atomic: boolean | null;
  /** Whether refs can be deleted. */
  readonly deletes: boolean | null;
}

interface KnownHost {
  readonly names: RegExp;
  readonly ssh?: Partial<HostProfile>;
  readonly all: Partial<HostProfile>;
}

/** Only what is documented or was measured (docs/protocol.md, hosts). */
const knownHosts: readonly KnownHost[] = [
  { names: /^((www|ssh)\.)?github\.com$/, all: { pushesPerMinute: 6, atomic: true, deletes: true } },
  { names: /^(altssh\.)?gitlab\.com$/, ssh: { pushesPerMinute: 600 }, all: { atomic: true, deletes: true } },
  { names: /^git-codecommit(-fips)?\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$/, all: { atomic: false } },
  { names: /^codeberg\.org$/, all: { atomic: true, deletes: true } },
  { names: /^git\.sr\.ht$/, all: { atomic: true, deletes: true } },
];

/** Above this a host's limit leaves room for several machines with short leases (a 20 s lease beats 9 times a minute). */
const limitedBelowPerMinute = 60;

/** Whether beats and polls must be rare on this host. */
export function isPushLimited(host: HostProfile): boolean {
  return host.pushesPerMinute !== null && host.pushesPerMinute < limitedBelowPerMinute;
}

/** What is known of the host of a remote's address. Takes addresses as git does: URLs, `user@host:path`, paths. */
export function hostOf(url: string): HostProfile {
  const { name, ssh } = locate(url);
  const unknown: HostProfile = { name, pushesPerMinute: null, atomic: null, deletes: null };
  const known = name === null ? undefined : knownHosts.find((host) => host.names.test(name));
  return { ...unknown, ...known?.all, ...(ssh ? known?.ssh : undefined) };
}

function locate(url: string): { name: string | null; ssh: boolean } {
  if (/^codecommit(::[a-z0-9-]+)?:\/\//.test(url)) return { name: 'git-codecommit.any.amazonaws.com', ssh: false };
  const full = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(url);
  if (full !== null) {
    const scheme = (full[1] ?? '').toLowerCase();
    if (scheme === 'file') return { name: null, ssh: false };
    return { name: hostName(full[2] ?? ''), ssh: /ssh/.test(scheme) };
  }
  // git's own rule: a colon before the first slash makes `host:path`, a Windows drive letter does not
  const scpLike = /^((?:[^@/:]*@)?(?:\[[^\]/]*\]|[^/:[\]]+)):/.exec(url);
  if (scpLike === null || /^[A-Za-z]:[\\/]/.test(url)) return { name: null, ssh: false };
  return { name: hostName(scpLike[1] ?? ''), ssh: true };
}

/** `user:password@Host.:22` → `host` */
function hostName(authority: string): string | null {
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  return host === '' ? null : host;
}
