/** Git's own list of the configuration, with where each entry stands. */
export interface ConfigEntry {
  /** `system`, `global`, `local`, `worktree` or `command`. */
  readonly scope: string;
  /** Section and name in lower case. */
  readonly key: string;
  /** Null for a key without `=`, which means true. */
  readonly value: string | null;
}

export const configQuery = ['config', '--list', '-z', '--show-scope'] as const;

/** What `configQuery` printed: `scope NUL key LF value NUL …` */
export function parseConfig(text: string): ConfigEntry[] {
  const fields = text.split('\0');
  const entries: ConfigEntry[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [scope = '', item = ''] = [fields[index], fields[index + 1]];
    const end = item.indexOf('\n');
    const key = end === -1 ? item : item.slice(0, end);
    entries.push({ scope, key, value: end === -1 ? null : item.slice(end + 1) });
  }
  return entries;
}
