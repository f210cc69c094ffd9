/**
 * What a coding tool tells its hook on standard input, and what the hook answers on standard output. The tools agree in
 * the main: Codex speaks as Claude Code does, Gemini nearly so, Cursor has names of its own.
 */
import { sanitizeSession } from '../../config/identity.ts';

export const tools = ['claude', 'codex', 'cursor', 'gemini'] as const;
export type Tool = (typeof tools)[number];

export const toolEvents = ['session-start', 'before-tool', 'after-tool', 'stop', 'session-end'] as const;
export type ToolEvent = (typeof toolEvents)[number];

export interface ToolHook {
  readonly tool: Tool;
  readonly event: ToolEvent;
}

/** `claude-before-tool`. Null: no hook of a tool. */
export function toolHookOf(name: string): ToolHook | null {
  const tool = tools.find((one) => name.startsWith(`${one}-`));
  const event = toolEvents.find((one) => tool !== undefined && name === `${tool}-${one}`);
  return tool === undefined || event === undefined ? null : { tool, event };
}

/** Of a tool that we know, and an event that another version of ours may know. */
export const isOfTool = (name: string): boolean => tools.some((one) => name.startsWith(`${one}-`));

export interface ToolCall {
  /** The tool's own word for its session. */
  readonly session: string | null;
  /** Its current folder; null: that of the hook. */
  readonly cwd: string | null;
  /** Files that it is about to write, or has written. */
  readonly edits: readonly string[];
  /** A command line for a shell. */
  readonly command: string | null;
  /** It goes on because a hook had it go on. */
  readonly again: boolean;
  /** The session ends, and its process begins another one. */
  readonly processGoesOn: boolean;
}

const editTools =
  /^(?:edit|write|multiedit|notebookedit|delete|strreplace|apply_patch|write_file|replace|edit_file|search_replace)$/i;
const pathKeys = ['file_path', 'notebook_path', 'absolute_path', 'target_file', 'path'];
const patchedFile = /^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+)$/gm;

/** Null for what is no JSON object: nothing is known of it then. */
export function readCall(text: string): ToolCall | null {
  const input = objectOf(parsed(text));
  if (input === null) return null;
  const args = objectOf(input.tool_input) ?? {};
  const named = textOf(input.session_id) ?? textOf(input.conversation_id);
  const roots = Array.isArray(input.workspace_roots) ? input.workspace_roots : [];
  const edits = editTools.test(textOf(input.tool_name) ?? '');
  const words: unknown[] | null = Array.isArray(args.command) ? args.command : null;
  const command = words?.filter((word) => typeof word === 'string').join(' ') ?? textOf(args.command);
  const patch = edits ? (command ?? textOf(args.input) ?? textOf(args.patch) ?? '') : '';
  return {
    session: named === null ? null : sanitizeSession(named),
    cwd: textOf(input.cwd) ?? textOf(args.cwd) ?? textOf(roots[0]),
    edits: edits
      ? [
          ...pathKeys.flatMap((key) => textOf(args[key]) ?? []),
          ...[...patch.matchAll(patchedFile)].map((match) => match[1] ?? ''),
        ]
      : [],
    command: edits ? null : command,
    again: input.stop_hook_active === true || Number(input.loop_count) > 0,
    processGoesOn: ['clear', 'resume'].includes(textOf(input.reason) ?? textOf(input.trigger) ?? ''),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
