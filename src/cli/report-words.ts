import { manyLines } from './frame/text.ts';

/** Makes a text fit for a report that is passed on: without secrets, and nothing that whatever shows it would obey. */
export type Clean = (text: string) => string;

export interface Secrets {
  /** All of git's configuration. */
  readonly gitConfig: ReadonlyMap<string, readonly string[]>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const charsMax = 2000;
const mask = '[hidden]';
const secretKey = /extraheader|passw|token|secret|apikey|api_key|access_key|credential|auth/i;
/** Shorter ones would take words away that mean something else. */
const secretCharsMin = 8;

/** Forms in which services hand out what lets one in. */
const forms = [
  /\bgh[a-z]_\w{16,}|\bgithub_pat_\w{16,}|\bglpat-[\w-]{16,}|\bxox[a-z]-[\w-]{8,}|\bsk-[\w-]{16,}|\bnpm_\w{16,}|\bAIza[\w-]{30,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g,
  /\b(?:bearer|basic)\s+\S+|\bauthorization\\?["']?\s*[=:]\s*\S+\s+[^\s"'\\]+/gi,
  /\b(?:passw(?:or)?d|token|secret|api[_-]?key)\\?["']?\s*[=:]\s*(?:\\?"[^"\\]*\\?"|'[^']*'|\S+)/gi,
];

/** Of an address its kind and host alone: the rest may name a person, or let one in. */
const addresses = /([a-z][a-z0-9+.-]*:\/\/)(?:\S*@)?([^/\s?#:@'"]*)\S*/gi;
const scpAddresses = /[\w.+-]+@([\w.-]+):\S+/g;

export function cleaner(secrets: Secrets): Clean {
  const known = knownSecrets(secrets);
  const home = secrets.env.HOME ?? '';
  return (text) => {
    let clean = manyLines(text);
    for (const secret of known) clean = clean.replaceAll(secret, mask);
    for (const form of forms) clean = clean.replace(form, mask);
    clean = clean.replace(addresses, '$1$2/…').replace(scpAddresses, '$1:…');
    if (home.length > 1) clean = clean.replaceAll(home, '~');
    return clean.length > charsMax ? `${clean.slice(0, charsMax)}…` : clean;
  };
}

/** The longest first, since one may be a part of another. */
function knownSecrets({ gitConfig, env }: Secrets): string[] {
  const values = [
    ...[...gitConfig].flatMap(([key, all]) =>
      all.flatMap((value) => [...(secretKey.test(key) ? [value] : []), ...userOf(value), ...userOf(key)]),
    ),
    ...Object.entries(env).flatMap(([name, value]) => (value && secretKey.test(name) ? [value] : [])),
  ];
  const words = values.flatMap((value) => [value, ...value.split(/\s+/)]);
  const long = words.filter((word) => word.length >= secretCharsMin);
  return [...new Set(long)].sort((a, b) => b.length - a.length);
}

/** What stands before the host in an address: a password, or a token in the user's place. */
function userOf(address: string): string[] {
  const [, user = '', password] = /[a-z][a-z0-9+.-]*:\/\/([^:@/]*)(?::(.*))?@/i.exec(address) ?? [];
  return [...(password === undefined ? [] : [password, decoded(password)]), ...(user.length >= 12 ? [user] : [])];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** JSON that stays what it is in a page, in Markdown and in a terminal. */
export function inertJson(value: unknown): string {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(value, null, 2).replace(/[<>&`\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escaped)}\n`;
}
