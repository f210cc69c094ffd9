import { hostname, userInfo } from 'node:os';
import { machineId } from './boot.ts';
import type { Clone } from './clone.ts';
import { configuredAgent, generateAgentId, generateSessionId, type Identity, resolveIdentity } from './identity.ts';
import { givenIdentity, worktreeIdentity } from './identity-file.ts';
import { findAncestorSession } from './sessions.ts';

export interface WhoRequest {
  readonly clone: Pick<Clone, 'gitDir' | 'coordDir' | 'gitConfig'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly agentFlag: string | undefined;
  /** The process on whose behalf this is asked, ours as a rule. */
  readonly pid: number;
  /** 0 <= x < 1 */
  readonly random: () => number;
}

/**
 * Agent and session of a command in this worktree; the worktree's identity file is made when it is needed.
 * @throws CoordError `bad-id`, `unavailable`
 */
export async function whoAmI(request: WhoRequest): Promise<Identity> {
  const { clone, env, agentFlag, random } = request;
  const ancestor = env.COORD_SESSION ? null : await findAncestorSession(clone.coordDir, request.pid);
  return resolveIdentity({
    agentFlag,
    env,
    gitConfig: clone.gitConfig,
    ancestorSession: ancestor?.session ?? null,
    given: () => givenIdentity(clone.gitDir, machineId()),
    worktree: () =>
      worktreeIdentity({
        gitDir: clone.gitDir,
        machine: machineId(),
        agent: configuredAgent(clone.gitConfig),
        generate: () => ({
          agent: generateAgentId(userName(env), hostname(), random),
          session: generateSessionId(random),
        }),
      }),
  });
}

/** A container's user id may have no name anywhere. */
function userName(env: WhoRequest['env']): string {
  try {
    return userInfo().username;
  } catch {
    return env.USER ?? env.LOGNAME ?? 'agent';
  }
}
