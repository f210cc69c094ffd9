import type { Setting, SettingValue } from './settings.ts';

/** A value that the shared file names, with its place. */
export interface FileValue {
  readonly setting: Setting;
  readonly value: SettingValue;
  readonly line: number;
}

export interface FileReading {
  readonly name: string;
  /** The file that Claude coordination plans use. */
  readonly older: boolean;
  readonly values: readonly FileValue[];
  /** Each with its line: `.coord.yml:3: …`. */
  readonly problems: readonly string[];
  readonly notices: readonly string[];
}
