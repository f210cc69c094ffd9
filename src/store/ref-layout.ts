/** Where the records of a book live (protocol 2). */
const spaces = ['board', 'claims', 'agents', 'events', 'coord', 'archive'] as const;
export type Space = (typeof spaces)[number];

const isSpace = (name: string | undefined): name is Space => spaces.some((space) => space === name);

export interface RefLayout {
  readonly prefix: string;
  board(id: string): string;
  claims(id: string): string;
  agents(id: string): string;
  events(agent: string): string;
  readonly format: string;
  readonly queue: string;
  readonly archive: string;
  /** A pattern for everything in a space. */
  all(space: Space): string;
  /** The space and name of a ref of this book, or null. */
  parse(ref: string): { space: Space; name: string } | null;
}

export function refLayout(prefix: string): RefLayout {
  return {
    prefix,
    board: (id) => `${prefix}board/${id}`,
    claims: (id) => `${prefix}claims/${id}`,
    agents: (id) => `${prefix}agents/${id}`,
    events: (agent) => `${prefix}events/${agent}`,
    format: `${prefix}coord/format`,
    queue: `${prefix}coord/queue`,
    archive: `${prefix}archive/board`,
    all: (space) => `${prefix}${space}/`,
    parse(ref) {
      if (!ref.startsWith(prefix)) return null;
      const [space, name, ...rest] = ref.slice(prefix.length).split('/');
      if (name === undefined || rest.length > 0) return null;
      return isSpace(space) ? { space, name } : null;
    },
  };
}
