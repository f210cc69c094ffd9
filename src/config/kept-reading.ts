import { build } from './build.ts';
import type { FileReading, FileValue } from './file-reading.ts';
import { fullKey, type SettingValue, settings } from './settings.ts';

/** Where a clone keeps what it has read; `read` gives null where there is nothing. */
export interface ReadingPlace {
  read(name: string): string | null;
  write(name: string, text: string): void;
}

interface Kept {
  readonly build: string;
  readonly name: string;
  /** All of it: no sum of it is quicker to compare. */
  readonly text: string;
  readonly older: boolean;
  readonly values: readonly (readonly [key: string, value: SettingValue, line: number])[];
  readonly notices: readonly string[];
}

const keptName = 'settings.json';

/**
 * `coord/settings.json`: what the shared file said, with its text. Loading a reader of YAML, and reading with it, costs a
 * command a tenth of its time. A file with problems is read anew each time, and one that can't be kept too.
 */
export async function readingKept(
  place: ReadingPlace,
  name: string,
  text: string,
  parse: () => Promise<FileReading>,
): Promise<FileReading> {
  const kept = keptReading(place, name, text);
  if (kept !== null) return kept;
  const reading = await parse();
  if (reading.problems.length > 0) return reading;
  const { older, notices } = reading;
  const values = reading.values.map(({ setting, value, line }) => [fullKey(setting), value, line] as const);
  try {
    place.write(keptName, JSON.stringify({ build, name, text, older, values, notices } satisfies Kept));
  } catch {
    // a full disk, or no rights: whatever needs them says so
  }
  return reading;
}

function keptReading(place: ReadingPlace, name: string, text: string): FileReading | null {
  try {
    const kept = JSON.parse(place.read(keptName) ?? 'null') as Kept | null;
    if (kept?.build !== build || kept.name !== name || kept.text !== text) return null;
    const values = kept.values.map(([key, value, line]): FileValue => {
      const setting = settings.find((each) => fullKey(each) === key);
      if (setting === undefined) throw new Error(`no such setting: ${key}`);
      return { setting, value, line };
    });
    return { name, older: kept.older, values, problems: [], notices: kept.notices };
  } catch {
    return null;
  }
}
