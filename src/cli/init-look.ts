import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Setup } from '../app/setup.ts';
import { configFileName, olderFileName } from '../config/file.ts';
import { hostOf } from '../config/hosts.ts';
import { type FoundThing, lookAround, type Surroundings } from '../config/surroundings.ts';
import { withoutPassword } from '../coordinator/init-book-peek.ts';
import type { HookState } from '../hooks/hook-file.ts';
import { hooksStatus } from '../hooks/install.ts';
import { toolStatus } from '../hooks/tool-files/set-up.ts';
import { toolNames } from '../hooks/tool-files/tools.ts';
import { type ProjectChecks, projectChecks } from '../worker/gates/project-checks.ts';

/** What `init` finds where it runs (docs/cli.md, "Set-up"). Read alone: nothing is written, run or asked. */
export interface Checklist {
  /** `top` is null in a bare repository: then there is no project to look at. */
  readonly repository: { readonly top: string | null; readonly bare: boolean; readonly shallow: boolean };
  /** Remotes of the clone, without passwords. `host`: null for a path. */
  readonly remotes: readonly { readonly name: string; readonly url: string; readonly host: string | null }[];
  readonly project: ProjectChecks | null;
  readonly hooks: {
    readonly state: HookState;
    /** What git's `core.hooksPath` says. */
    readonly path: string | null;
    readonly managers: Surroundings['hookManagers'];
  };
  readonly tools: readonly FoundTool[];
  readonly others: Surroundings['others'];
  /** The shared file of the configuration that is there. */
  readonly configFile: string | null;
}

export interface FoundTool extends FoundThing {
  /** What `setup` writes for it, by the file that is furthest from it. */
  readonly state: HookState;
}

export async function lookHere({ clone, config, env }: Setup): Promise<Checklist> {
  const { topLevel: top, gitConfig } = clone;
  const [around, project, hooks] = await Promise.all([
    top === null ? { tools: [], hookManagers: [], others: [] } : lookAround(top),
    top === null ? null : projectChecks(top, config.quality),
    hooksStatus({ clone, env }),
  ]);
  return {
    repository: { top, bare: top === null, shallow: clone.isShallow },
    remotes: remotesOf(gitConfig),
    project,
    hooks: {
      state: worstOf(hooks.installed),
      path: gitConfig.get('core.hookspath')?.at(-1) ?? null,
      managers: around.hookManagers,
    },
    tools: top === null ? [] : await Promise.all(around.tools.map((tool) => withState(top, tool))),
    others: around.others,
    configFile: [configFileName, olderFileName].find((name) => top !== null && existsSync(join(top, name))) ?? null,
  };
}

async function withState(top: string, tool: FoundThing): Promise<FoundTool> {
  const name = toolNames.find((one) => one === tool.name);
  return { ...tool, state: name === undefined ? 'installed' : worstOf(await toolStatus(top, name)) };
}

function worstOf(files: readonly { readonly state: HookState }[]): HookState {
  const worse = (['missing', 'outdated'] as const).find((state) => files.some((file) => file.state === state));
  return worse ?? 'installed';
}

function remotesOf(gitConfig: Setup['clone']['gitConfig']): Checklist['remotes'] {
  return [...gitConfig].flatMap(([key, values]) => {
    const name = /^remote\.(.+)\.url$/.exec(key)?.[1];
    const url = values.at(-1);
    if (name === undefined || url === undefined) return [];
    return [{ name, url: withoutPassword(url), host: hostOf(url).name }];
  });
}
