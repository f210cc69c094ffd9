import type { ToolHook } from './call.ts';

/**
 * nothing   the tool goes on
 * context   it goes on, and the model reads this
 * deny      the tool call is refused; the model reads why
 * go-on     the model doesn't stop yet; it reads why
 * say       the person reads this
 */
export type Reply =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'context' | 'deny' | 'go-on' | 'say'; readonly text: string };

export const nothing: Reply = { kind: 'nothing' };

const eventNames = { 'session-start': 'SessionStart', 'before-tool': 'PreToolUse' } as const;

/** One line of JSON as the tool wants it; empty: nothing to say, or no way to say it there. */
export function replyText({ tool, event }: ToolHook, reply: Reply): string {
  if (reply.kind === 'nothing') return '';
  const { kind, text } = reply;
  const document = tool === 'cursor' ? ofCursor[kind](text) : tool === 'gemini' ? ofGemini(kind, text, event) : null;
  const said = document ?? (tool === 'cursor' ? null : ofClaude(kind, text, event));
  return said === null ? '' : `${JSON.stringify(said)}\n`;
}

type Kind = Exclude<Reply['kind'], 'nothing'>;
type Event = ToolHook['event'];

/** Claude Code and Codex. */
function ofClaude(kind: Kind, text: string, event: Event): object {
  const hookEventName = event === 'session-start' ? eventNames[event] : eventNames['before-tool'];
  switch (kind) {
    case 'context':
      return { hookSpecificOutput: { hookEventName, additionalContext: text } };
    case 'deny':
      return { hookSpecificOutput: { hookEventName, permissionDecision: 'deny', permissionDecisionReason: text } };
    case 'go-on':
      return { decision: 'block', reason: text };
    case 'say':
      return { systemMessage: text };
  }
}

/** Null: as Claude Code has it. Before a tool Gemini gives the model nothing to read, so the person gets it. */
function ofGemini(kind: Kind, text: string, event: Event): object | null {
  if (kind === 'deny' || kind === 'go-on') return { decision: 'deny', reason: text };
  return kind === 'context' && event === 'before-tool' ? { systemMessage: text } : null;
}

const ofCursor: Record<Kind, (text: string) => object | null> = {
  context: (text) => ({ additional_context: text }),
  deny: (text) => ({ permission: 'deny', user_message: text, agent_message: text }),
  'go-on': (text) => ({ followup_message: text }),
  say: () => null,
};
