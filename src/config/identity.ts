/**
 * Who is asking: an agent and a session of it. A claim belongs to both.
 *
 * Agent:   the flag, $COORD_AGENT, the one that `start` made the worktree for, `git config coord.agent`, else a generated
 *          one kept for the worktree.
 * Session: $COORD_SESSION, else the nearest recorded ancestor process (sessions.ts), else the running tool's own
 *          variable, else the worktree's.
 */

import { isId, parseId } from '../domain/ids.ts';
import { CoordError } from '../errors.ts';

export type AgentSource = 'flag' | 'environment' | 'git config' | 'worktree';
export type SessionSource = 'environment' | 'process' | 'tool' | 'worktree';

export interface Identity {
  readonly agent: string;
  readonly session: string;
  readonly agentFrom: AgentSource;
  readonly sessionFrom: SessionSource;
}

/** Variables in which a tool tells the commands it runs which session they belong to. */
const toolVariables = ['CLAUDE_CODE_SESSION_ID', 'CODEX_THREAD_ID'] as const;

const sessionLengthMax = 128;
const sessionForm = /^[A-Za-z0-9][A-Za-z0-9._:@+-]*$/;

export interface IdentityFacts {
  readonly agentFlag: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly gitConfig: ReadonlyMap<string, readonly string[]>;
  /** The session of the nearest recorded ancestor process. */
  readonly ancestorSession: string | null;
  /** Who `start` made this worktree for. */
  readonly given: () => Promise<{ readonly agent: string } | null>;
  /** Asked only when neither names an agent or a session, since asking writes a file. */
  readonly worktree: () => Promise<{ readonly agent: string; readonly session: string }>;
}

/** @throws CoordError `bad-id` for a name that somebody gave and that can't be one */
export async function resolveIdentity(facts: IdentityFacts): Promise<Identity> {
  const agent = await givenAgent(facts);
  const session = givenSession(facts);
  if (agent !== null && session !== null) return { ...agent, ...session };
  const own = await facts.worktree();
  return {
    ...(agent ?? { agent: own.agent, agentFrom: 'worktree' }),
    ...(session ?? { session: own.session, sessionFrom: 'worktree' }),
  };
}

/** The agent that `git config coord.agent` names. @throws CoordError `bad-id` */
export function configuredAgent(gitConfig: ReadonlyMap<string, readonly string[]>): string | null {
  const name = gitConfig.get('coord.agent')?.at(-1);
  return name === undefined || name === '' ? null : parseId(name, 'agent id (git config coord.agent)');
}

async function givenAgent(facts: IdentityFacts): Promise<Pick<Identity, 'agent' | 'agentFrom'> | null> {
  if (facts.agentFlag !== undefined)
    return { agent: parseId(facts.agentFlag, 'agent id (--agent)'), agentFrom: 'flag' };
  const variable = facts.env.COORD_AGENT;
  if (variable) return { agent: parseId(variable, 'agent id ($COORD_AGENT)'), agentFrom: 'environment' };
  const configured = configuredAgent(facts.gitConfig);
  if (configured === null) return null;
  const given = await facts.given();
  return given === null
    ? { agent: configured, agentFrom: 'git config' }
    : { agent: given.agent, agentFrom: 'worktree' };
}

function givenSession(facts: IdentityFacts): Pick<Identity, 'session' | 'sessionFrom'> | null {
  const variable = facts.env.COORD_SESSION;
  if (variable) return { session: parseSession(variable), sessionFrom: 'environment' };
  if (facts.ancestorSession !== null) return { session: facts.ancestorSession, sessionFrom: 'process' };
  const session = toolSession(facts.env);
  return session === null ? null : { session, sessionFrom: 'tool' };
}

/** The session that the running tool tells of; in a form that fits a line and a record. */
export function toolSession(env: IdentityFacts['env']): string | null {
  for (const name of toolVariables) {
    const value = env[name];
    if (value) return sanitizeSession(value);
  }
  return null;
}

/** @throws CoordError `bad-id` */
export function parseSession(text: string): string {
  if (text.length <= sessionLengthMax && sessionForm.test(text)) return text;
  throw new CoordError('bad-id', `${JSON.stringify(text.slice(0, 80))} is no session id`, {
    hint: `A session id has 1 to ${sessionLengthMax} of A-Z a-z 0-9 . _ : @ + - and begins with a letter or digit.`,
  });
}

/** A tool's word for its session, made to fit; the same word always gives the same id. */
export function sanitizeSession(text: string): string {
  const clean = text.replace(/[^A-Za-z0-9._:@+-]/g, '-').slice(0, sessionLengthMax);
  return sessionForm.test(clean) ? clean : `s${clean}`.slice(0, sessionLengthMax);
}

/** `<user>-<host>-<4 random>`, whatever user and host are called. `random`: 0 <= x < 1. */
export function generateAgentId(user: string, host: string, random: () => number): string {
  const part = (text: string, fallback: string) => {
    const clean = text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    return clean.replace(/^-+/, '').slice(0, 24).replace(/-+$/, '') || fallback;
  };
  const id = `${part(user, 'agent')}-${part(host.split('.')[0] ?? '', 'host')}-${randomLetters(4, random)}`;
  return isId(id) ? id : `agent-${randomLetters(8, random)}`;
}

/** `s-` and 12 random letters. */
export function generateSessionId(random: () => number): string {
  return `s-${randomLetters(12, random)}`;
}

function randomLetters(count: number, random: () => number): string {
  const letters = '0123456789abcdefghjkmnpqrstvwxyz';
  return Array.from({ length: count }, () => letters[Math.floor(random() * letters.length)]).join('');
}
