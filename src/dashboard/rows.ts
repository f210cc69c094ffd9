/**
 * What the page is told: rows in collections, each with a key. A message sets rows and takes rows away; the first one
 * has all there are. Texts are other people's: stripped and cut before they are put in here. Times are milliseconds of the
 * machine that serves, for people.
 */
export interface Collections {
  tasks: TaskRow;
  agents: AgentRow;
  workflows: WorkflowRow;
  nodes: NodeRow;
  periods: PeriodRow;
  events: EventRow;
  facts: FactRow;
}

export type CollectionName = keyof Collections;
export const collectionNames = ['tasks', 'agents', 'workflows', 'nodes', 'periods', 'events', 'facts'] as const;

export interface Message {
  /** It has all there is: what the page had before is forgotten. */
  readonly whole?: true;
  readonly set: { readonly [Name in CollectionName]?: readonly Collections[Name][] };
  readonly gone: { readonly [Name in CollectionName]?: readonly string[] };
}

/**
 * claimed  somebody holds it             review  it waits to be merged
 * ready    it can be taken               failed  no tries are left
 * blocked  something must happen before  waiting it waits for its next try, or to be claimed by name
 */
export type TaskGroup = 'claimed' | 'ready' | 'blocked' | 'waiting' | 'review' | 'failed';

export interface TaskRow {
  readonly key: string;
  readonly group: TaskGroup;
  readonly title: string;
  readonly state: string;
  readonly type: string;
  readonly priority: number;
  readonly workflow: string | null;
  readonly labels: readonly string[];
  readonly attempts: number;
  readonly triesMax: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly claim: ClaimRow | null;
  /** Why it can't be taken, or what went wrong. */
  readonly because: readonly string[];
  /** What can be typed about it. */
  readonly next: readonly string[];
}

export interface ClaimRow {
  readonly agent: string;
  readonly claimedAt: string;
  readonly ttlMs: number;
  /** Since when its lease is at this beat, as this clone has seen it. */
  readonly movedMs: number;
  /** When somebody else may take it, unless it moves. */
  readonly lapsesMs: number;
  readonly text: string;
  readonly percent: number | null;
}

export interface AgentRow {
  readonly key: string;
  readonly status: string;
  readonly host: string;
  readonly limit: number;
  readonly capabilities: readonly string[];
  /** What it does, the longest at work first; at most a few of `held`. */
  readonly tasks: readonly { readonly id: string; readonly title: string }[];
  readonly held: number;
  readonly since: string;
  /** Null: it has no record that moves. */
  readonly movedMs: number | null;
  readonly succeeded: number;
  readonly failed: number;
}

export interface WorkflowRow {
  readonly key: string;
  readonly state: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly total: number;
}

/** A task in the drawing of its workflow. */
export interface NodeRow {
  /** `<workflow> <id>`; a page is sent those of the workflow that it shows. */
  readonly key: string;
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly agent: string | null;
  readonly needs: readonly string[];
}

export const rangeNames = ['hour', 'day', 'week'] as const;
export type RangeName = (typeof rangeNames)[number];

/** How long the periods are of which a chart is made, and how many. */
export const ranges: Readonly<Record<RangeName, { readonly periodMs: number; readonly periods: number }>> = {
  hour: { periodMs: 2 * 60_000, periods: 30 },
  day: { periodMs: 60 * 60_000, periods: 24 },
  week: { periodMs: 6 * 3_600_000, periods: 28 },
};

/** What ended in one period of a range. */
export interface PeriodRow {
  /** `<range> <beginning>` */
  readonly key: string;
  readonly range: RangeName;
  readonly fromMs: number;
  readonly succeeded: number;
  readonly failed: number;
  /** On average, of what succeeded; null: nothing did. */
  readonly waitMs: number | null;
  readonly runMs: number | null;
}

export interface EventRow {
  readonly key: string;
  /** Counts up in the order in which they were told. */
  readonly n: number;
  readonly at: string;
  readonly type: string;
  readonly by: string;
  readonly task: string | null;
  readonly text: string;
}

export type FactRow = BookFact | CountsFact | FiguresFact | PushesFact;

export interface BookFact {
  readonly key: 'book';
  readonly mode: string;
  readonly remote: string | null;
  readonly project: string;
  readonly agent: string;
  /** Why the book can't be read now, and since when; what is shown is what was last seen. */
  readonly away: { readonly sinceMs: number; readonly message: string } | null;
  readonly paused: string | null;
  readonly unreadable: number;
}

export interface CountsFact {
  readonly key: 'counts';
  readonly groups: Readonly<Record<TaskGroup, number>>;
  readonly done: number;
  readonly cancelled: number;
  readonly agents: number;
}

export interface FiguresFact {
  readonly key: 'figures';
  readonly succeeded: number;
  readonly failed: number;
  readonly recoveries: number;
  readonly lastHour: number;
  /** Logs that are still to be read. */
  readonly unread: number;
}

export interface PushesFact {
  readonly key: 'pushes';
  readonly lastMinute: number;
  readonly host: string | null;
  /** What the host recommends or allows; null: not known. */
  readonly limit: number | null;
}

/** So many rows of each list are sent; the counts say how many there are. */
export const shownMax = { claimed: 100, ready: 50, blocked: 50, waiting: 30, review: 30, failed: 30 } as const;
export const agentsMax = 100;
export const workflowsMax = 50;
export const workflowCharsMax = 64;
export const nodesMax = 150;
export const eventsMax = 100;

/** The drawing of tasks that need one another and are of no workflow. */
export const noWorkflow = '-';
