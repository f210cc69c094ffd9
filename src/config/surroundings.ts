import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a project has set up already: tools of agents, managers of hooks, coordination of another kind. Looked at, never run. */
export interface Surroundings {
  readonly tools: readonly FoundThing[];
  readonly hookManagers: readonly FoundThing[];
  readonly others: readonly OtherSystem[];
}

export interface FoundThing {
  readonly name: string;
  /** As they stand below the project's root. */
  readonly paths: readonly string[];
}

export interface OtherSystem extends FoundThing {
  readonly name: 'claim files' | 'beads' | 'Backlog.md' | 'Task Master' | 'Redis';
  /** What `import` takes; null: there is nothing to import. */
  readonly source: string | null;
  /** What it says of agents at work; null: nothing. */
  readonly agents: number | null;
}

const toolMarks: Readonly<Record<string, readonly string[]>> = {
  claude: ['.claude', 'CLAUDE.md'],
  'agents-md': ['AGENTS.md'],
  cursor: ['.cursor', '.cursorrules'],
  gemini: ['.gemini', 'GEMINI.md'],
  codex: ['.codex'],
};

const managerMarks: Readonly<Record<string, readonly string[]>> = {
  husky: ['.husky'],
  lefthook: ['lefthook', '.lefthook'].flatMap((stem) => ['yml', 'yaml', 'toml', 'json'].map((end) => `${stem}.${end}`)),
  'pre-commit': ['.pre-commit-config.yaml', '.pre-commit-config.yml'],
};

const composeFiles = ['docker-compose.yml', 'docker-compose.yaml', 'compose.yml', 'compose.yaml'];
/** A service of that name, or any that runs its image. */
const redisService = /^\s*(?:image:\s*["']?(?:\S+\/)?redis\b|["']?redis[\w-]*["']?:\s*(?:#.*)?$)/m;

export async function lookAround(root: string): Promise<Surroundings> {
  const there = (paths: readonly string[]) => paths.filter((path) => existsSync(join(root, path)));
  const found = (marks: Readonly<Record<string, readonly string[]>>): FoundThing[] =>
    Object.entries(marks)
      .map(([name, paths]) => ({ name, paths: there(paths) }))
      .filter(({ paths }) => paths.length > 0);
  return { tools: found(toolMarks), hookManagers: found(managerMarks), others: await otherSystems(root, there) };
}

async function otherSystems(root: string, there: (paths: readonly string[]) => string[]): Promise<OtherSystem[]> {
  const others: OtherSystem[] = [];
  const add = (name: OtherSystem['name'], paths: readonly string[], source?: string, agents?: number) => {
    if (paths.length > 0) others.push({ name, paths, source: source ?? null, agents: agents ?? null });
  };
  const [issues] = there(['.beads/issues.jsonl', '.beads/beads.jsonl']);
  add('beads', there(['.beads']), issues);
  const boards = there(['backlog/tasks', '.backlog/tasks']);
  add('Backlog.md', boards, boards[0]);
  const lists = there(['.taskmaster/tasks/tasks.json']);
  add('Task Master', lists, lists[0]);
  const folder = '.claude/coordination';
  const filled = await Promise.all(['tasks', 'claims'].map((name) => namesIn(root, `${folder}/${name}`)));
  const claims = there([folder]);
  add('claim files', claims, filled.flat().length > 0 ? folder : undefined, await activeAgents(root, folder));
  // where claims were kept before there was a folder for them
  const own = (await namesIn(root, 'tasks')).some((name) => name.endsWith('.claim'));
  if (own) add('claim files', ['tasks'], 'tasks');
  add('Redis', await composedRedis(root, there(composeFiles)));
  return others;
}

const namesIn = (root: string, folder: string): Promise<string[]> => readdir(join(root, folder)).catch(() => []);

/** A file an agent, as the plan for claim files has them. */
async function activeAgents(root: string, folder: string): Promise<number> {
  return (await namesIn(root, `${folder}/agents`)).filter((name) => name.endsWith('.active')).length;
}

async function composedRedis(root: string, files: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(files.map((file) => readFile(join(root, file), 'utf8').catch(() => '')));
  return files.filter((_, index) => redisService.test(texts[index] ?? ''));
}
