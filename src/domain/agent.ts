export type AgentStatus = 'initializing' | 'available' | 'busy' | 'error' | 'offline';

/** A registered agent (protocol 3). Its beats come round as a claim's do. */
export interface AgentNote {
  v: 1;
  kind: 'agent';
  id: string;
  host: string;
  session: string;
  project: string;
  capabilities: string[];
  status: AgentStatus;
  tasks: string[];
  limit: number;
  registeredAt: string;
  updatedAt: string;
  cycle: string;
  beat: number;
}

/** What is shown of an agent's record. */
export type AgentRecord = Omit<AgentNote, 'v' | 'kind' | 'cycle' | 'beat'>;

export function shownAgent({ v: _v, kind: _kind, cycle: _cycle, beat: _beat, ...shown }: AgentNote): AgentRecord {
  return shown;
}

/** The book's identity: which book this is, so that a recreated one is noticed (protocol 2). */
export interface FormatNote {
  v: 1;
  kind: 'format';
  book: string;
  at: string;
}

/** What a commit of the archive says: which tasks it took up. */
export interface ArchiveNote {
  v: 1;
  kind: 'archive';
  by: string;
  at: string;
  nonce: string;
  tasks: string[];
}

/** What was paused: everything, or tasks of some labels. */
export interface QueueNote {
  v: 1;
  kind: 'queue';
  paused: boolean;
  labels: string[];
}
