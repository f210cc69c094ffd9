import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What is known of a project before anything is run: the names in its root, and the texts of a few files there. */
export interface Facts {
  readonly files: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
  /** Empty where there is no such file. */
  text(name: string): string;
}

const textsRead = ['package.json', 'pyproject.toml', 'setup.cfg', 'tox.ini', 'tsconfig.json'];
const textCharsMax = 1024 * 1024;

/** Costs one look at a folder where the project is of no known kind. */
export async function readFacts(root: string): Promise<Facts> {
  const entries = await readdir(root, { withFileTypes: true });
  const folders = new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name));
  const files = new Set(entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name));
  const texts = new Map<string, string>();
  for (const name of textsRead.filter((one) => files.has(one))) {
    const text = await readFile(join(root, name), 'utf8').catch(() => '');
    texts.set(name, text.slice(0, textCharsMax));
  }
  return { files, folders, text: (name) => texts.get(name) ?? '' };
}

/** Whether one of these files is there. */
export const hasAny = ({ files }: Facts, ...names: string[]): boolean => names.some((name) => files.has(name));
