/** Who a tool's hook acts for, and what that session holds by this clone's own ledger: nobody is asked. */
import { join } from 'node:path';
import { placeOf, sinceBootMs } from '../../config/boot.ts';
import { type Clone, readClone } from '../../config/clone.ts';
import type { Config } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { whoAmI } from '../../config/who.ts';
import { fileFolder } from '../../store/folder.ts';
import { type HeldEntry, type HeldLedger, heldLedger } from '../../store/held-ledger.ts';
import { ownFolder } from '../../store/own-folder.ts';
import type { ToolCall } from './call.ts';

export interface Claimant {
  readonly clone: Clone;
  readonly config: Config;
  readonly agent: string;
  /** Of commands that the tool runs. */
  readonly session: string;
  /** What the tool calls it, the last of these, may be another one: ids of one process of a tool are one session. */
  readonly sessions: readonly string[];
}

/** Null: no book in this clone. @throws CoordError `not-found`, `config`, `bad-id`, `unavailable` */
export async function claimantAt(cwd: string, env: NodeJS.ProcessEnv, call: ToolCall): Promise<Claimant | null> {
  const clone = await readClone({ cwd, env });
  if (!clone.gitConfig.has('coord.book')) return null;
  const { config } = await loadConfig({
    root: clone.topLevel,
    gitConfig: clone.gitConfig,
    env,
    kept: fileFolder(clone.coordDir),
  });
  const who = await whoAmI({ clone, env, agentFlag: undefined, pid: process.pid, random: Math.random });
  const others = who.sessionFrom === 'environment' || call.session === null ? [] : [call.session];
  return { clone, config, agent: who.agent, session: who.session, sessions: [...new Set([who.session, ...others])] };
}

export const ledgerOf = ({ clone }: Pick<Claimant, 'clone'>): HeldLedger =>
  heldLedger(ownFolder(fileFolder(join(clone.coordDir, 'held')), placeOf(clone.commonDir)));

/** What the session holds, as far as this clone knows, its lease good or not. */
export const heldBy = (claimant: Claimant, ledger: HeldLedger = ledgerOf(claimant)): HeldEntry[] =>
  ledger.all().filter((entry) => isOf(claimant, entry) && entry.state.lost !== true);

export const isOf = (
  { agent, sessions }: Pick<Claimant, 'agent' | 'sessions'>,
  holder: { readonly agent: string; readonly session: string },
): boolean => holder.agent === agent && sessions.includes(holder.session);

/** What is said once a session is said to the one that the tool knows. */
export const listener = ({ session, sessions }: Claimant): string => sessions.at(-1) ?? session;

/** How much of the lease is left; 1: all of it. */
export const leaseLeft = ({ untilBootMs, ttlMs }: HeldEntry): number => (untilBootMs - sinceBootMs()) / ttlMs;
