/**
 * The configuration of a clone, in layers: defaults, the shared file, `git config coord.*`, environment, flags. Which book
 * a clone uses (mode, remote, prefix) is taken from `git config` alone: an old file on a task branch would otherwise split
 * a team over two books. All problems are reported at once.
 */
import { CoordError } from '../errors.ts';
import type { BookChoice, Config, LoadedConfig, Origin } from './config.ts';
import { formatDuration } from './durations.ts';
import { readSharedFile } from './file.ts';
import type { FileReading } from './file-reading.ts';
import type { ReadingPlace } from './kept-reading.ts';
import { nearest } from './nearest.ts';
import { readValue } from './read-value.ts';
import { camelCase, environmentKey, fullKey, gitKey, type Setting, type SettingValue, settings } from './settings.ts';
import { intervalRangeMs } from './timings.ts';

export interface ConfigSources {
  /** The worktree's root; null in a bare repository, where no shared file is read. */
  readonly root: string | null;
  /** Every value of `git config --list`, by key in git's own spelling (section and name in lower case). */
  readonly gitConfig: ReadonlyMap<string, readonly string[]>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The clone's folder `coord`, which is there once it has a book. */
  readonly kept?: ReadingPlace | undefined;
  /** By full key (`coordination.claim_ttl`), already checked. */
  readonly flags?: Readonly<Record<string, SettingValue>> | undefined;
}

/** Keys under `coord.` in git's configuration that aren't settings. */
const otherGitKeys = ['coord.agent', 'coord.book'];
const textRules = { textOnly: true, bareSeconds: false, foldWords: false };

/** @throws CoordError `config` naming every problem with its place; `data` is the list of them. */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const file = sources.root === null ? null : await readSharedFile(sources.root, keptIn(sources));
  const layers = new Layers();
  if (file !== null) layers.addFile(file);
  layers.addGit(sources.gitConfig);
  layers.addEnvironment(sources.env);
  for (const setting of settings) {
    const value = sources.flags?.[fullKey(setting)];
    if (value !== undefined) layers.set(setting, value, { layer: 'flag', place: 'the command line' });
  }
  layers.checkRelations(file?.older ?? false);
  return layers.finish();
}

const keptIn = ({ kept, gitConfig }: ConfigSources) => (gitConfig.has('coord.book') ? (kept ?? null) : null);

/** The configuration that nobody has changed. */
export function defaultConfig(): Config {
  return new Layers().finish().config;
}

class Layers {
  readonly #values = new Map<string, SettingValue>();
  readonly #origins = new Map<string, Origin>();
  readonly #problems: string[] = [];
  readonly #warnings: string[] = [];
  readonly #notices: string[] = [];
  #fileBook: Record<string, SettingValue> = {};
  #bookPlaces: { setting: Setting; value: SettingValue; place: string }[] = [];

  constructor() {
    for (const setting of settings) this.set(setting, setting.value, { layer: 'default', place: 'default' });
  }

  set(setting: Setting, value: SettingValue, origin: Origin): void {
    this.#values.set(fullKey(setting), value);
    this.#origins.set(fullKey(setting), origin);
  }

  addFile(file: FileReading): void {
    this.#problems.push(...file.problems);
    this.#notices.push(...file.notices);
    for (const { setting, value, line } of file.values) {
      const place = `${file.name}:${line}`;
      if (!setting.book) this.set(setting, value, { layer: 'file', place });
      else {
        this.#fileBook[setting.key] = value;
        this.#bookPlaces.push({ setting, value, place });
      }
    }
  }

  addGit(gitConfig: ReadonlyMap<string, readonly string[]>): void {
    const byKey = new Map(settings.map((setting) => [gitKey(setting).toLowerCase(), setting]));
    const known = [...settings.map(gitKey), ...otherGitKeys];
    for (const [key, values] of gitConfig) {
      if (!key.toLowerCase().startsWith('coord.') || otherGitKeys.includes(key.toLowerCase())) continue;
      const setting = byKey.get(key.toLowerCase());
      if (setting === undefined) {
        const near = nearest(key, known);
        this.#warnings.push(`git config ${key} is no setting${near === null ? '' : `; did you mean ${near}?`}`);
        continue;
      }
      const raw = setting.kind.kind === 'list' ? values.join(',') : values.at(-1);
      this.#addText(setting, raw ?? '', 'git', `git config ${gitKey(setting)}`);
    }
    this.#compareBook();
  }

  addEnvironment(env: ConfigSources['env']): void {
    for (const setting of settings) {
      const name = environmentKey(setting);
      const raw = env[name];
      if (raw === undefined || raw === '') continue;
      if (setting.book)
        this.#warnings.push(`$${name} is not read: which book this clone uses stands in git config ${gitKey(setting)}`);
      else this.#addText(setting, raw, 'environment', `$${name}`);
    }
  }

  #addText(setting: Setting, raw: string, layer: Origin['layer'], place: string): void {
    const reading = readValue(setting.kind, raw, textRules);
    if ('problem' in reading) this.#problems.push(`${place} ${reading.problem}`);
    else this.set(setting, reading.value, { layer, place });
  }

  /** A clone that has chosen its book keeps it; where the shared file now says otherwise, people are told. */
  #compareBook(): void {
    for (const { setting, value, place } of this.#bookPlaces) {
      const origin = this.#origins.get(fullKey(setting));
      const own = this.#values.get(fullKey(setting));
      const settled = origin?.layer === 'git' && !(setting.key === 'mode' && value === 'auto');
      if (settled && own !== value)
        this.#warnings.push(
          `${place} says ${setting.key}: ${String(value)}, but this clone uses ${String(own)} (${origin.place}); git coord init changes it`,
        );
    }
  }

  /** Both named: the interval must fit the ttl (protocol 6). Where one is `auto`, `resolveTimings` checks. */
  checkRelations(olderFile: boolean): void {
    const ttl = this.#values.get('coordination.claim_ttl');
    const interval = this.#values.get('coordination.heartbeat_interval');
    if (typeof ttl !== 'number' || typeof interval !== 'number') return;
    const { minMs, maxMs } = intervalRangeMs(ttl);
    if (interval >= minMs && interval <= maxMs) return;
    const setting = settings.find((each) => each.key === 'heartbeat_interval');
    const origin = this.#origins.get('coordination.heartbeat_interval');
    const range = `from ${formatDuration(minMs)} to ${formatDuration(maxMs)} (an eighth to a third of claim_ttl, ${formatDuration(ttl)})`;
    const ttlOrigin = this.#origins.get('coordination.claim_ttl');
    // the older file's users follow another system's rule for the two: their file is taken as near as can be
    if (olderFile && setting !== undefined && origin?.layer === 'file' && ttlOrigin?.layer === 'file') {
      const allowed = Math.round(Math.min(Math.max(interval, minMs), maxMs));
      this.set(setting, allowed, origin);
      this.#notices.push(
        `${origin.place}: heartbeat_interval is allowed ${range}: ${formatDuration(allowed)} is used, not ${formatDuration(interval)}`,
      );
    } else
      this.#problems.push(
        `${origin?.place ?? ''}: coordination.heartbeat_interval must lie ${range}, not at ${formatDuration(interval)}`,
      );
  }

  finish(): LoadedConfig {
    const problems = this.#problems;
    if (problems.length > 0) {
      const count = problems.length === 1 ? '' : `${problems.length} problems in `;
      throw new CoordError('config', `${count}the configuration:\n${problems.map((each) => `  ${each}`).join('\n')}`, {
        data: { problems },
        next: ['git coord help config'],
      });
    }
    return {
      config: this.#nested() as unknown as Config,
      origins: this.#origins,
      fileBook: this.#fileBook as BookChoice,
      warnings: this.#warnings,
      notices: this.#notices,
    };
  }

  #nested(): Record<string, Record<string, SettingValue>> {
    const nested: Record<string, Record<string, SettingValue>> = {};
    for (const setting of settings) {
      const name = camelCase(setting.key) + (setting.kind.kind === 'duration' ? 'Ms' : '');
      nested[setting.section] ??= {};
      const section = nested[setting.section];
      if (section !== undefined) section[name] = this.#values.get(fullKey(setting)) ?? setting.value;
    }
    return nested;
  }
}
