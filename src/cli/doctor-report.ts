import { readdirSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { join, resolve } from 'node:path';
import { fullKey, settings } from '../config/settings.ts';
import { seeDaemon } from '../daemon-link/control-daemon.ts';
import { daemonLogPath } from '../daemon-link/daemon-file.ts';
import { CoordError } from '../errors.ts';
import { metricsPath } from '../store/metrics-log.ts';
import { valueAt } from './config.ts';
import type { Diagnosis } from './doctor-text.ts';
import type { Context } from './frame/context.ts';
import { shellWord } from './frame/text.ts';
import { version } from './frame/version.ts';
import { type Clean, cleaner, inertJson } from './report-words.ts';

/** Of a log that goes on for ever the end is of use. */
const linesMax = 200;
const nameDefault = 'git-coord-report.json';

/**
 * Writes what somebody else needs to see what is wrong here (docs/cli.md, `doctor`), in one file that only its owner can read.
 * Answers its path.
 * @throws CoordError `exists`, `unavailable`
 */
export async function writeReport(context: Context, diagnosis: Diagnosis, file = nameDefault): Promise<string> {
  const path = resolve(context.cwd, file);
  const clean = cleaner({ gitConfig: diagnosis.clone.gitConfig, env: context.env });
  const text = inertJson(cleaned(await contentOf(diagnosis), clean));
  try {
    // what is there is never written over, nor followed
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST')
      throw new CoordError('unavailable', `the report can't be written to ${path} (${code})`, { cause: error });
    const next = `git coord doctor --report ${shellWord(file.replace(/(\.json)?$/, '-2.json'))}`;
    throw new CoordError('exists', `${path} is there already`, { next: [next] });
  }
  return path;
}

async function contentOf({ findings, host, clone, setup }: Diagnosis) {
  const { coordDir, objectFormat, isShallow } = clone;
  const sight = await seeDaemon(coordDir);
  return {
    kind: 'git-coord-report',
    v: 1,
    at: new Date().toISOString(),
    versions: {
      gitCoord: version,
      node: process.version,
      platform: process.platform,
      arch: process.arch,
      system: release(),
    },
    clone: { objectFormat, isShallow, isBare: clone.topLevel === null, book: clone.gitConfig.has('coord.book') },
    checks: findings.map(({ id, ok, detail, fix }) => ({ id, ok, detail, fix })),
    host,
    settings: setup === null ? null : settingsOf(setup),
    daemon: { kind: sight.kind, ...(sight.kind === 'running' && sight.status) },
    files: filesIn(coordDir),
    commands: lastLines(metricsPath(coordDir)),
    log: lastLines(daemonLogPath(coordDir)),
  };
}

/** What checks a project's work is its own affair, and may hold what nobody else shall see. */
function settingsOf({ config, loaded }: NonNullable<Diagnosis['setup']>) {
  return settings.map((setting) => {
    const key = fullKey(setting);
    const value = valueAt(config, key);
    const isCommand = key.endsWith('_command') && value !== 'auto_detect' && value !== 'off';
    return { key, value: isCommand ? 'a command' : value, origin: loaded.origins.get(key)?.place ?? 'default' };
  });
}

/** Of a folder how many there are in it: their names are those of tasks. */
function filesIn(folder: string): { name: string; bytes: number | null; entries: number | null }[] {
  return namesIn(folder).map((name) => {
    const facts = statSync(join(folder, name), { throwIfNoEntry: false });
    const isFolder = facts?.isDirectory() === true;
    return {
      name,
      bytes: isFolder ? null : (facts?.size ?? null),
      entries: isFolder ? namesIn(join(folder, name)).length : null,
    };
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function lastLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-linesMax);
  } catch {
    return [];
  }
}

/** All texts of it, wherever they stand. */
function cleaned(value: unknown, clean: Clean): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map((one) => cleaned(one, clean));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, cleaned(one, clean)]));
}
