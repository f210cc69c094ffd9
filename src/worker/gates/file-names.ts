/** Names of files on their way to a tool. Whoever makes a branch chooses them, and a name may be `-rf`, `$(x)` or worse. */

/** A name that no tool takes for an option. */
export const asPath = (name: string): string => (name.startsWith('-') ? `./${name}` : name);

const place = '{files}';

export const wantsFiles = (command: string): boolean => command.includes(place);

/** Arguments for `sh`: the names are its parameters and never part of what it reads as a command. */
export function shellArguments(command: string, files: readonly string[]): string[] {
  return ['-c', command.replaceAll(place, '"$@"'), 'sh', ...files.map(asPath)];
}
