import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Who may ask what. The server listens on this machine alone, but every page that a browser here has open can send it
 * requests: by its address from another site, or by a name of its own that it lets point here (DNS rebinding).
 *
 *   Host             must be an address of ours: a name that was made to point here is refused
 *   Origin           where there is one, must be ours
 *   Sec-Fetch-Site   must not say that another site asks, unless somebody followed a link to the page itself
 *   token            for what changes something: in a header that no other site can set
 */
export interface Asked {
  readonly method: string;
  readonly path: string;
  header(name: string): string | undefined;
}

export interface Gate {
  readonly port: number;
  /** Null: nobody may act. */
  readonly token: string | null;
}

/** Why a request is refused, in words; null: it may be answered. */
export function refusal(asked: Asked, { port }: Gate): string | null {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`, ...(port === 80 ? ['127.0.0.1', 'localhost'] : [])];
  const host = asked.header('host')?.toLowerCase() ?? '';
  if (!hosts.includes(host)) return 'this address is not served here';
  const origin = asked.header('origin');
  if (origin !== undefined && origin !== `http://${host}`) return 'another site asks';
  const site = asked.header('sec-fetch-site');
  const isLink = asked.method === 'GET' && asked.path === '/' && asked.header('sec-fetch-mode') === 'navigate';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isLink) return 'another site asks';
  return null;
}

/** Whether a request carries the token. Compared in a time that says nothing of how much of it was right. */
export function mayAct(asked: Asked, { token }: Gate): boolean {
  const given = /^Bearer (\S{1,200})$/.exec(asked.header('authorization') ?? '')?.[1];
  if (token === null || given === undefined) return false;
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}

const contentSecurity = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurity,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
};
