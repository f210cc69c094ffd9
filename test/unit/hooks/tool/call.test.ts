import { describe, expect, test } from 'vitest';
import { readCall, toolHookOf } from '../../../../src/hooks/tool/call.ts';
import { type Reply, replyText } from '../../../../src/hooks/tool/reply.ts';

const read = (input: object) => readCall(JSON.stringify(input));

test.each([
  ['claude-before-tool', { tool: 'claude', event: 'before-tool' }],
  ['codex-session-start', { tool: 'codex', event: 'session-start' }],
  ['claude-', null],
  ['claude-before-tool-x', null],
  ['pre-commit', null],
])('%s is the hook %j', (name, hook) => expect(toolHookOf(name)).toEqual(hook));

describe('what a tool is about to write', () => {
  const patch = '*** Begin Patch\n*** Update File: a b.ts\n*** Move to: c.ts\n@@\n*** Add File: d.ts\n*** End Patch';
  test.each<[object, string[], string | null]>([
    [{ tool_name: 'Edit', tool_input: { file_path: '/r/a' } }, ['/r/a'], null],
    [{ tool_name: 'NotebookEdit', tool_input: { notebook_path: '/r/a.ipynb' } }, ['/r/a.ipynb'], null],
    [{ tool_name: 'Read', tool_input: { file_path: '/r/a' } }, [], null],
    [{ tool_name: 'Bash', tool_input: { command: 'git commit' } }, [], 'git commit'],
    [{ tool_name: 'shell', tool_input: { command: ['bash', '-lc', 'ls'] } }, [], 'bash -lc ls'],
    [{ tool_name: 'shell', tool_input: { command: ['ls', { toString: 1 }] } }, [], 'ls'],
    [{ tool_name: 'run_shell_command', tool_input: { command: 'ls' } }, [], 'ls'],
    [{ tool_name: 'write_file', tool_input: { file_path: 'a', content: 'command' } }, ['a'], null],
    [{ tool_name: 'apply_patch', tool_input: { command: patch } }, ['a b.ts', 'c.ts', 'd.ts'], null],
    [{ tool_name: 'Write', tool_input: 'odd' }, [], null],
    [{ tool_name: 5, tool_input: [{ command: 5 }] }, [], null],
  ])('%j: %j, %j', (input, edits, command) => expect(read(input)).toMatchObject({ edits, command }));
});

test.each<[object, object]>([
  [{ session_id: 'a b' }, { session: 'a-b' }],
  [
    { conversation_id: 'c', workspace_roots: ['/w'] },
    { session: 'c', cwd: '/w' },
  ],
  [
    { session_id: 's', cwd: '/x' },
    { cwd: '/x', again: false, processGoesOn: false },
  ],
  [{ stop_hook_active: true }, { session: null, again: true }],
  [{ loop_count: 1 }, { again: true }],
  [{ reason: 'clear' }, { processGoesOn: true }],
  [{ reason: 'prompt_input_exit' }, { processGoesOn: false }],
])('of %j: %j', (input, call) => expect(read(input)).toMatchObject(call));

test.each(['', 'x', '[]', 'null', '"a"', '{'])('%j is no call', (text) => expect(readCall(text)).toBe(null));

describe('an answer', () => {
  const deny: Reply = { kind: 'deny', text: 'no' };
  const context: Reply = { kind: 'context', text: 'know' };
  const goOn: Reply = { kind: 'go-on', text: 'land' };
  const say: Reply = { kind: 'say', text: 'kept' };
  test.each<[string, Reply, object | null]>([
    [
      'claude-before-tool',
      deny,
      {
        hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'deny', permissionDecisionReason: 'no' },
      },
    ],
    ['claude-before-tool', context, { hookSpecificOutput: { hookEventName: 'PreToolUse', additionalContext: 'know' } }],
    [
      'codex-session-start',
      context,
      { hookSpecificOutput: { hookEventName: 'SessionStart', additionalContext: 'know' } },
    ],
    ['claude-stop', goOn, { decision: 'block', reason: 'land' }],
    ['claude-session-end', say, { systemMessage: 'kept' }],
    ['claude-before-tool', { kind: 'nothing' }, null],
    ['gemini-before-tool', deny, { decision: 'deny', reason: 'no' }],
    ['gemini-before-tool', context, { systemMessage: 'know' }],
    [
      'gemini-session-start',
      context,
      { hookSpecificOutput: { hookEventName: 'SessionStart', additionalContext: 'know' } },
    ],
    ['gemini-stop', goOn, { decision: 'deny', reason: 'land' }],
    ['cursor-before-tool', deny, { permission: 'deny', user_message: 'no', agent_message: 'no' }],
    ['cursor-session-start', context, { additional_context: 'know' }],
    ['cursor-stop', goOn, { followup_message: 'land' }],
    ['cursor-session-end', say, null],
  ])('of %s, %j, is %j', (name, reply, document) => {
    const hook = toolHookOf(name);
    expect(hook).not.toBe(null);
    const text = hook === null ? '' : replyText(hook, reply);
    expect(text === '' ? null : JSON.parse(text)).toEqual(document);
  });
});
