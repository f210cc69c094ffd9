import type { ConfigEntry } from '../git-config.ts';
import type { HttpTarget, ServiceQuestion } from './service-question.ts';

/** Keys below `http` that don't matter to a short request. */
const harmlessHttp = /^http\.(lowspeedlimit|lowspeedtime|postbuffer|maxrequests|minsessions|receivepack|uploadpack)$/;
const otherVariables = /^(https?_proxy|all_proxy|git_(http|curl).*)$/i;
/** These matter where the connection is encrypted. */
const certificates = /^(git_ssl.*|node_tls_reject.*|http\.(.*\.)?ssl.*)$/i;

/** An `http` or `https` address to which git would do nothing but post (no proxy, certificates, cookies). Null: something else. */
export function httpTarget(address: string, { service, entries, env }: ServiceQuestion): HttpTarget | null {
  const url = parseAddress(address);
  if (url === null) return null;
  const variables = Object.keys(env).filter((name) => env[name]);
  const encrypted = url.protocol === 'https:';
  if (variables.some((name) => otherVariables.test(name) || (encrypted && certificates.test(name)))) return null;
  const headers = extraHeaders(
    url,
    entries.filter(({ key }) => encrypted || !certificates.test(key)),
  );
  if (headers === null) return null;
  return { service, url: new URL(`${url.href.replace(/\/+$/, '')}/${service}`), headers };
}

function parseAddress(address: string): URL | null {
  if (!/^https?:\/\//.test(address) || !URL.canParse(address)) return null;
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
