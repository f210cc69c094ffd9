import { spawn } from 'node:child_process';

export interface BackgroundRequest {
  /** The file that Node runs as the command line. */
  readonly entry: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Named, since the process may outlive the tool that it would be known by. */
  readonly agent: string;
  readonly session: string;
}

/** Has a command run once the hook has answered: it may wait for the network. What becomes of it nobody hears. Answers its process, if it has begun. */
export function inBackground(
  { entry, cwd, env, agent, session }: BackgroundRequest,
  args: readonly string[],
): number | null {
  try {
    const child = spawn(process.execPath, [entry, ...args], {
      cwd,
      env: { ...env, COORD_AGENT: agent, COORD_SESSION: session },
      detached: true,
      stdio: 'ignore',
    });
    child.on('error', () => {});
    child.unref();
    return child.pid ?? null;
  } catch {
    // too many processes: the lease or its end takes care of it
    return null;
  }
}
