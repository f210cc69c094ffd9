/**
 * What Claude Code, Codex, Cursor and Gemini run as hooks: `git-coord hook <tool>-<event>`, JSON in and JSON out. It never
 * fails: a tool takes some exit statuses for a refusal, and a broken configuration must stay editable.
 */
import { quoted } from '../../domain/quoted.ts';
import { CoordError } from '../../errors.ts';
import { inBackground } from './background.ts';
import { readCall, type ToolCall, type ToolHook } from './call.ts';
import { nothing, type Reply, replyText } from './reply.ts';
import { folderOf, type ToolRequest } from './tool-request.ts';

export interface ToolHookRequest extends Pick<ToolRequest, 'cwd' | 'env'> {
  readonly hook: ToolHook;
  readonly input: string;
  /** The file that Node runs as the command line. */
  readonly entry: string;
}

/** What is to be printed. */
export async function runToolHook({ hook, input, cwd, env, entry }: ToolHookRequest): Promise<string> {
  const call = readCall(input);
  if (call === null) return '';
  const later: ToolRequest['later'] = (as, args) =>
    inBackground({ entry, cwd: folderOf({ cwd }, call), env, ...as }, args);
  return replyText(hook, await replyTo(hook, { tool: hook.tool, cwd, env, later }, call));
}

async function replyTo({ event }: ToolHook, request: ToolRequest, call: ToolCall): Promise<Reply> {
  try {
    switch (event) {
      case 'session-start':
        return await (await import('./begin.ts')).atStart(request, call);
      case 'before-tool':
        return await (await import('./guard.ts')).guard(request, call);
      case 'after-tool':
        await (await import('./activity.ts')).noteActivity(request, call);
        return nothing;
      case 'stop':
        return await (await import('./end.ts')).beforeStop(request, call);
      case 'session-end':
        return await (await import('./end.ts')).afterSession(request, call);
    }
  } catch (error) {
    // a folder in no repository is none of ours
    if (error instanceof CoordError && error.code === 'not-found') return nothing;
    const what = error instanceof CoordError ? '' : 'a defect in git-coord: ';
    return { kind: 'say', text: `git coord: ${what}${quoted(error instanceof Error ? error.message : String(error))}` };
  }
}
