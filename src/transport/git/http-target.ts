/**
 * Whether, and where, a request may be posted by ourselves: only to an `http` or `https` address for which git would do nothing
 * but post. Whatever else the configuration or the environment asks of git (a proxy, certificates, cookies, rewritten
 * addresses, several addresses) is git's to do.
 */
import type { ConfigEntry } from '../git-config.ts';

/** Pushes, and reads. */
export type Service = 'git-receive-pack' | 'git-upload-pack';

export interface HttpTarget {
  readonly service: Service;
  /** `…/git-receive-pack` */
  readonly url: URL;
  /** As `http.extraHeader` gives them. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Keys below `http` that don't matter to a short request, and below `remote.<name>` that don't to a push. */
const harmlessHttp = /^http\.(lowspeedlimit|lowspeedtime|postbuffer|maxrequests|minsessions|receivepack|uploadpack)$/;
const harmlessRemote =
  /\.(url|pushurl|fetch|push|mirror|tagopt|prune|prunetags|promisor|partialclonefilter|skipfetchall|skipdefaultupdate|uploadpack)$/;
const otherWays = /^(url\..*\.(insteadof|pushinsteadof)|protocol\.(https?\.)?allow)$/;
const otherVariables = /^(https?_proxy|all_proxy|git_(http|proxy|curl|trace|allow_protocol).*)$/i;
/** These matter where the connection is encrypted. */
const certificates = /^(git_ssl.*|node_tls_reject.*|http\.(.*\.)?ssl.*)$/i;

/** Null: git must ask. */
export function httpTarget(
  service: Service,
  remote: string,
  entries: readonly ConfigEntry[],
  env: Readonly<Record<string, string | undefined>>,
): HttpTarget | null {
  const variables = Object.keys(env).filter((name) => env[name]);
  if (variables.some((name) => otherVariables.test(name))) return null;
  if (entries.some(({ key }) => otherWays.test(key))) return null;
  const own = entries.filter(({ key }) => key.startsWith(`remote.${remote}.`));
  if (own.some(({ key }) => !harmlessRemote.test(key))) return null;
  const url = parseAddress(addressesOf(service, remote, own));
  if (url === null) return null;
  const encrypted = url.protocol === 'https:';
  if (encrypted && variables.some((name) => certificates.test(name))) return null;
  const headers = extraHeaders(
    url,
    entries.filter(({ key }) => encrypted || !certificates.test(key)),
  );
  if (headers === null) return null;
  return { service, url: new URL(`${url.href.replace(/\/+$/, '')}/${service}`), headers };
}

function addressesOf(service: Service, remote: string, own: readonly ConfigEntry[]): readonly string[] {
  const of = (name: string) =>
    own.flatMap(({ key, value }) => (key === `remote.${remote}.${name}` ? (value ?? '') : []));
  const pushed = service === 'git-receive-pack' ? of('pushurl') : [];
  const urls = pushed.length > 0 ? pushed : of('url');
  return urls.length > 0 ? urls : [remote];
}

function parseAddress([address, ...more]: readonly string[]): URL | null {
  if (address === undefined || more.length > 0 || !/^https?:\/\//.test(address) || !URL.canParse(address)) return null;
  const url = new URL(address);
  // a password in it is git's to hide, and a query git's to place
  return url.username || url.password || url.search || url.hash ? null : url;
}

/** Null where `http.*` asks for more than headers. */
function extraHeaders(url: URL, entries: readonly ConfigEntry[]): [string, string][] | null {
  const headers: [string, string][] = [];
  for (const { key, value } of entries) {
    if (!key.startsWith('http.') || harmlessHttp.test(key)) continue;
    const scope = /^http\.(.*)\.extraheader$/.exec(key)?.[1];
    if (key !== 'http.extraheader' && scope !== `${url.origin}/` && scope !== url.origin) return null;
    const [, name, text = ''] = /^([\w-]+):[ \t]*([\x20-\x7e]*)$/.exec(value ?? '') ?? [];
    // an empty one takes the earlier away; which of two scopes counts, and what other letters mean, is git's to know
    if (!name || headers.some(([other]) => other.toLowerCase() === name.toLowerCase())) return null;
    headers.push([name, text]);
  }
  return headers;
}
