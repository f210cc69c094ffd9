import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Node, Pair, YAMLMap } from 'yaml';
import { CoordError } from '../errors.ts';
import type { FileReading, FileValue } from './file-reading.ts';
import { type ReadingPlace, readingKept } from './kept-reading.ts';
import { nearest } from './nearest.ts';
import { parseYaml } from './parse-yaml.ts';
import { type ReadingRules, readValue } from './read-value.ts';
import { fullKey, sections, settings } from './settings.ts';

export const configFileName = '.coord.yml';
export const olderFileName = '.claude/workflow-config.yml';
const fileBytesMax = 256 * 1024;

/**
 * The shared file of a worktree, or null where there is none.
 * @param kept where what was read is kept; null: nowhere
 * @throws CoordError `config` when it can't be read
 */
export async function readSharedFile(root: string, kept: ReadingPlace | null): Promise<FileReading | null> {
  for (const name of [configFileName, olderFileName]) {
    const text = await readText(join(root, name), name);
    if (text === null) continue;
    const parse = () => parseSharedFile(text, name);
    return kept === null ? parse() : readingKept(kept, name, text, parse);
  }
  return null;
}

async function readText(path: string, name: string): Promise<string | null> {
  try {
    if (!(await stat(path)).isFile()) throw new CoordError('config', `${name} is no file`);
    const bytes = await readFile(path);
    if (bytes.length > fileBytesMax) throw new CoordError('config', `${name} is larger than ${fileBytesMax} bytes`);
    return bytes.toString('utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if (error instanceof CoordError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new CoordError('config', `${name} can't be read: ${message}`, { cause: error });
  }
}

/** Reads the text of a shared file; all problems at once. The name decides which rules hold. */
export async function parseSharedFile(text: string, name: string): Promise<FileReading> {
  const yaml = await import('yaml');
  const { document, counter, broken } = await parseYaml(text);
  const reader = new Reader(name, (node) => counter.linePos((node as Node | null)?.range?.[0] ?? 0).line, {
    isMap: yaml.isMap,
    isScalar: yaml.isScalar,
    plain: (node) => (yaml.isNode(node) ? node.toJS(document, { maxAliasCount: 20 }) : node),
  });
  for (const { line, text: said } of broken) reader.problem(line, said);
  if (broken.length === 0 && document.contents !== null) reader.readRoot(document.contents);
  return reader;
}

interface YamlKit {
  isMap(node: unknown): node is YAMLMap;
  isScalar(node: unknown): boolean;
  plain(node: unknown): unknown;
}

class Reader implements FileReading {
  readonly values: FileValue[] = [];
  readonly problems: string[] = [];
  readonly notices: string[] = [];
  readonly name: string;
  readonly older: boolean;
  readonly #lineOf: (node: unknown) => number;
  readonly #yaml: YamlKit;
  readonly #rules: ReadingRules;

  constructor(name: string, lineOf: (node: unknown) => number, yaml: YamlKit) {
    this.name = name;
    this.older = name === olderFileName;
    this.#lineOf = lineOf;
    this.#yaml = yaml;
    this.#rules = { textOnly: false, bareSeconds: this.older, foldWords: this.older };
  }

  problem(line: number, text: string): void {
    this.problems.push(`${this.name}:${line}: ${text}`);
  }

  #notice(line: number, text: string): void {
    this.notices.push(`${this.name}:${line}: ${text}`);
  }

  readRoot(root: unknown): void {
    if (!this.#yaml.isMap(root)) {
      if (!this.#yaml.isScalar(root) || this.#yaml.plain(root) !== null)
        this.problem(this.#lineOf(root), `must hold sections (${sections.join(', ')})`);
      return;
    }
    for (const pair of root.items) this.#readSection(pair);
  }

  #readSection(pair: Pair): void {
    const name = String(this.#yaml.plain(pair.key));
    const line = this.#lineOf(pair.key);
    const known = sections.includes(name) || (this.older && name === 'project');
    if (!known) this.#unknown(line, name, sections, 'section');
    else if (this.#yaml.isMap(pair.value)) {
      for (const inner of pair.value.items) this.#readKey(name, inner);
    } else if (this.#yaml.plain(pair.value) !== null) this.problem(line, `${name} must hold keys of its own`);
  }

  #readKey(section: string, pair: Pair): void {
    const key = String(this.#yaml.plain(pair.key));
    const line = this.#lineOf(pair.key);
    const raw = this.#yaml.plain(pair.value);
    if (this.older && this.#passedOver(section, key, raw, line)) return;
    const [ownSection, ownKey] = section === 'project' ? ['quality', key] : [section, key];
    const setting = settings.find((each) => each.section === ownSection && each.key === ownKey);
    if (setting === undefined) {
      const keys = settings.filter((each) => each.section === ownSection).map((each) => each.key);
      this.#unknown(line, `${section}.${key}`, keys, 'key', key);
      return;
    }
    const reading = readValue(setting.kind, raw, this.#rules);
    if ('problem' in reading) this.problem(line, `${fullKey(setting)} ${reading.problem}`);
    else this.values.push({ setting, value: reading.value, line });
  }

  /** What the older file says to a system of another kind. */
  #passedOver(section: string, key: string, raw: unknown, line: number): boolean {
    const name = `${section}.${key}`;
    if (name === 'coordination.mode' && /^(redis|file)$/i.test(String(raw))) {
      this.#notice(line, `coordination.mode: ${String(raw)} is read as auto`);
      return true;
    }
    if (name !== 'coordination.redis_url' && name !== 'tasks.priority_queue') return false;
    this.#notice(line, `${name} is passed over: the book needs no server and no queue`);
    return true;
  }

  #unknown(line: number, name: string, known: readonly string[], what: string, word = name): void {
    if (this.older) {
      this.#notice(line, `${name} is passed over: no such ${what}`);
      return;
    }
    const near = nearest(word, known) ?? this.#elsewhere(word);
    this.problem(line, `no such ${what}: ${name}${near === null ? '' : ` (did you mean ${near}?)`}`);
  }

  /** A key written in the wrong section. */
  #elsewhere(word: string): string | null {
    const setting = settings.find((each) => each.key === word);
    return setting === undefined ? null : fullKey(setting);
  }
}
