import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';

/** Where a project keeps tools of its own; as Node does it, the folders above count as well. */
const ownFolders = [
  ['node_modules', '.bin'],
  ['.venv', 'bin'],
  ['venv', 'bin'],
];

/** The search path with the project's own tools before it. */
export function toolPath(root: string, path: string | undefined): string {
  const folders: string[] = [];
  for (let at = root; ; at = dirname(at)) {
    folders.push(...ownFolders.map((names) => join(at, ...names)));
    if (at === dirname(at)) break;
  }
  return [...folders, ...(path ? [path] : [])].join(delimiter);
}

export async function isFound(command: string, path: string): Promise<boolean> {
  for (const folder of path.split(delimiter)) {
    const file = join(folder || '.', command);
    const isThere = await access(file, constants.X_OK).then(
      async () => (await stat(file)).isFile(),
      () => false,
    );
    if (isThere) return true;
  }
  return false;
}
