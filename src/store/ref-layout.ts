/** Where the records of a book live (protocol 2). */
export type Space = 'board' | 'claims' | 'agents' | 'coord' | 'archive';

const spaces: readonly string[] = ['board', 'claims', 'agents', 'coord', 'archive'] satisfies Space[];

export interface RefLayout {
  readonly prefix: string;
  board(id: string): string;
  claims(id: string): string;
  agents(id: string): string;
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
    format: `${prefix}coord/format`,
    queue: `${prefix}coord/queue`,
    archive: `${prefix}archive/board`,
    all: (space) => `${prefix}${space}/`,
    parse(ref) {
      if (!ref.startsWith(prefix)) return null;
      const [space, name, ...rest] = ref.slice(prefix.length).split('/');
      if (name === undefined || rest.length > 0) return null;
      return space !== undefined && spaces.includes(space) ? { space: space as Space, name } : null;
    },
  };
}
