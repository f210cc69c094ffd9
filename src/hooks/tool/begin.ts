import { openApp } from '../../app/open-app.ts';
import { readPrime } from '../../app/prime-on-app.ts';
import { recordedSession, recordSession, toolProcess } from '../../config/sessions.ts';
import { CoordError } from '../../errors.ts';
import type { ToolCall } from './call.ts';
import { type Claimant, claimantAt } from './claimant.ts';
import { nothing, type Reply } from './reply.ts';
import { folderOf, type ToolRequest } from './tool-request.ts';

/** Records which process the tool is, and tells the model what it needs: of a remote's book what was last seen there. */
export async function atStart(request: ToolRequest, call: ToolCall): Promise<Reply> {
  const cwd = folderOf(request, call);
  const claimant = await claimantAt(cwd, request.env, call);
  if (claimant === null) return nothing;
  const session = await record(request, claimant, call);
  const env = { ...request.env, COORD_SESSION: session };
  const app = await openApp({ cwd, env, cached: true, warn: () => {} });
  try {
    if (app.book.mode === 'remote') request.later({ ...claimant, session }, ['prime', '--quiet']);
    const { text } = await readPrime(app, app.book.mode === 'local' ? null : app.asOf());
    return { kind: 'context', text };
  } catch (error) {
    if (!(error instanceof CoordError) || error.code !== 'unavailable') throw error;
    return { kind: 'context', text: 'Work in this repository is coordinated by git-coord. Run git coord prime first.' };
  } finally {
    await app.close();
  }
}

/** A process that began another session goes on with what it holds. */
async function record({ tool, env }: ToolRequest, claimant: Claimant, call: ToolCall): Promise<string> {
  const { clone, agent } = claimant;
  const pid = toolProcess(process.pid);
  const before = pid === null ? null : await recordedSession(clone.coordDir, pid);
  const session = env.COORD_SESSION || (before?.session ?? call.session ?? claimant.session);
  if (pid === null) return session;
  return (await recordSession(clone.coordDir, { session, agent, pid, tool })) ? session : claimant.session;
}
