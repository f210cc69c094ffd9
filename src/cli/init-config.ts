import type { Setup } from '../app/setup.ts';
import { configFileName } from '../config/file.ts';
import { chosenBook, newConfigText, writeNewConfig } from '../config/new-file.ts';
import type { ChosenBook } from '../coordinator/init-book-choice.ts';
import { usageError } from './frame/parse.ts';
import type { Parsed } from './frame/parsed.ts';
import type { Checklist } from './init-look.ts';
import type { ReportLine } from './init-look-text.ts';

export interface SharedFile {
  /** The file of the configuration that is there now. */
  readonly path: string | null;
  readonly written: boolean;
}

/**
 * Whether `.coord.yml` is to be written: asked for, or everything was said yes to where the book begins. Whoever joins a
 * book, or leaves one, finds the team's file or does without.
 */
export function wantsConfig(parsed: Parsed, checklist: Checklist, begins: boolean): boolean {
  const asked = parsed.flag('config');
  if (asked && checklist.repository.top === null)
    throw usageError(`--config needs a worktree: ${configFileName} stands in its root`, 'git coord init --config');
  return (
    checklist.configFile === null && checklist.repository.top !== null && (asked || (parsed.flag('yes') && begins))
  );
}

export async function writeConfig(setup: Setup, chosen: ChosenBook, checklist: Checklist): Promise<SharedFile> {
  const { topLevel, gitConfig } = setup.clone;
  if (topLevel === null) return { path: null, written: false };
  const { mode, prefix } = chosen;
  const book = chosenBook({ mode, prefix, ...(chosen.remote !== null && { remote: chosen.remote }) }, (name) =>
    gitConfig.has(`remote.${name}.url`),
  );
  const { types = [], test = [], build = [], lint = [] } = checklist.project ?? {};
  const found = { type: types, lint_command: lint, test_command: test, build_command: build };
  const words = Object.entries(found)
    .filter(([, all]) => all.length > 0)
    .map(([key, all]) => [`quality.${key}`, all.join(' and ')] as const);
  const written = await writeNewConfig(topLevel, newConfigText(book, Object.fromEntries(words)));
  return { path: configFileName, written };
}

export function configLine({ path, written }: SharedFile): ReportLine {
  if (written) return ['config', `${path} written; commit it, and it counts for all`];
  return ['config', path ?? `no ${configFileName}, defaults hold: git coord init --config writes one`];
}
