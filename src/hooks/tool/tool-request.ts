import { resolve } from 'node:path';
import type { ToolCall, ToolHook } from './call.ts';
import type { Claimant } from './claimant.ts';

export interface ToolRequest {
  readonly tool: ToolHook['tool'];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Has a command run after the answer: one that may wait for the network. Answers its process, if it has begun. */
  readonly later: (as: Pick<Claimant, 'agent' | 'session'>, args: readonly string[]) => number | null;
}

/** Where the tool is at work. */
export const folderOf = ({ cwd }: Pick<ToolRequest, 'cwd'>, call: ToolCall): string => resolve(cwd, call.cwd ?? '.');
