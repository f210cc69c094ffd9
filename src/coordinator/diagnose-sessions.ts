import type { Identity } from '../config/identity.ts';
import type { TaskView } from '../domain/view.ts';
import { bad, type Finding, good, someOf } from './diagnose.ts';

export interface SessionFacts {
  readonly who: Identity;
  readonly tasks: readonly Pick<TaskView, 'id' | 'claim'>[];
  /** Processes that were recorded as this agent's session, none of them below another. */
  readonly processes: readonly number[];
}

/** Whether somebody else goes by this name: a claim belongs to agent and session (trap 27). */
export function checkSessions({ who, tasks, processes }: SessionFacts): Finding {
  const { agent, session } = who;
  const foreign = tasks.filter(
    ({ claim }) => claim !== null && claim.agent === agent && !claim.mine && !claim.observed.expired,
  );
  const alike = foreign.filter(({ claim }) => claim?.session === session).map(({ id }) => id);
  const words = [
    ...(alike.length > 0 ? [`another clone holds ${someOf(alike)} under this very session ${session}`] : []),
    ...foreign
      .filter(({ id }) => !alike.includes(id))
      .map(({ id, claim }) => `session ${claim?.session} of ${agent} holds ${id}`),
    ...(processes.length > 1 ? [`processes ${processes.join(' and ')} are both session ${session}`] : []),
  ];
  if (words.length === 0) return good('sessions', `nobody else holds anything as ${agent}`);
  const name = freeName(agent, new Set(tasks.flatMap(({ claim }) => claim?.agent ?? [])));
  const fix = who.agentFrom === 'flag' ? `git coord doctor --agent ${name}` : `export COORD_AGENT=${name}`;
  return bad('sessions', someOf(words, '; '), fix, null);
}

const idLengthMax = 64;

function freeName(agent: string, taken: ReadonlySet<string>): string {
  for (let number = 2; ; number++) {
    const end = `-${number}`;
    const name = agent.slice(0, idLengthMax - end.length) + end;
    if (!taken.has(name)) return name;
  }
}
