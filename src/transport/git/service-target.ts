/**
 * Whether, and where, a request to one of git's services may be made by ourselves: only where git itself would do nothing but
 * hand it on. Whatever else the configuration or the environment asks of git (rewritten addresses, several addresses, a helper,
 * a policy, a program of one's own at the other end) is git's to do.
 */
import type { ConfigEntry } from '../git-config.ts';
import { folderTarget } from './folder-target.ts';
import { httpTarget } from './http-target.ts';
import type { Service, ServiceQuestion, ServiceTarget } from './service-question.ts';

/** Below `remote.<name>`: what doesn't matter to one request. */
const harmlessRemote =
  /\.(url|pushurl|fetch|push|mirror|tagopt|prune|prunetags|promisor|partialclonefilter|skipfetchall|skipdefaultupdate)$/;
const rewritten = /^url\..*\.(insteadof|pushinsteadof)$/;
const policy = /^protocol\.(.*\.)?allow$/;
const otherVariables = /^(git_(proxy|trace|allow_protocol).*)$/i;

/** Null: git must ask. */
export function serviceTarget(question: ServiceQuestion): ServiceTarget | null {
  const { service, remote, entries, env } = question;
  if (Object.keys(env).some((name) => env[name] && otherVariables.test(name))) return null;
  if (entries.some(({ key, value }) => rewritten.test(key) || (policy.test(key) && value !== 'always'))) return null;
  const own = entries.filter(({ key }) => key.startsWith(`remote.${remote}.`));
  if (own.some(({ key }) => !harmlessRemote.test(key))) return null;
  const [address, ...more] = addressesOf(service, remote, own);
  if (address === undefined || more.length > 0) return null;
  return httpTarget(address, question) ?? folderTarget(address, question);
}

function addressesOf(service: Service, remote: string, own: readonly ConfigEntry[]): readonly string[] {
  const of = (name: string) =>
    own.flatMap(({ key, value }) => (key === `remote.${remote}.${name}` ? (value ?? '') : []));
  const pushed = service === 'git-receive-pack' ? of('pushurl') : [];
  const urls = pushed.length > 0 ? pushed : of('url');
  return urls.length > 0 ? urls : [remote];
}
