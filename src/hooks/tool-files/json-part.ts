/** What is ours in a JSON file of a tool's configuration. Comments, order and layout of the rest stay as they are. */
import { getNodeValue, type ParseError, parse } from 'jsonc-parser';
import { CoordError } from '../../errors.ts';
import type { HookState } from '../hook-file.ts';
import { isEmptyAt, type JsonPath, treeOf, withoutMark, withoutValue, withValue } from './json-edit.ts';

/**
 * entry   a value at a path, by its name; whoever changed it keeps the change
 * hook    an element of the list at a path, known by the command that it runs: alone, or among others in a group of `hooks`
 */
export type JsonPart =
  | { readonly kind: 'entry'; readonly path: readonly string[]; readonly value: unknown }
  | { readonly kind: 'hook'; readonly path: readonly string[]; readonly value: object; readonly command: RegExp };

export function partState(text: string, part: JsonPart): HookState {
  const found = valueAt(text, part.path);
  if (part.kind === 'entry') return found === undefined ? 'missing' : 'installed';
  const places = placesOf(text, part);
  if (places.length === 0) return 'missing';
  const [place] = places;
  const isCurrent = places.length === 1 && place?.length === 1 && isSame(elementsOf(found)[place[0] ?? 0], part.value);
  return isCurrent ? 'installed' : 'outdated';
}

/** @throws CoordError `config` for a file in which that has another form */
export function withPart(text: string, part: JsonPart): string {
  if (partState(text, part) === 'installed') return text;
  const bare = text.trim() === '' ? '{}\n' : withoutPart(text, part);
  const path = part.kind === 'entry' ? part.path : [...part.path, elementsOf(valueAt(bare, part.path)).length];
  const changed = withValue(bare, path, part.value);
  // a name that stands there twice: the first is written to, the last is read
  if (changed !== null && partState(changed, part) === 'installed') return changed;
  throw new CoordError('config', `${part.path.join('.')} has another form there, so nothing was changed`);
}

/** What was emptied by that goes too. */
export function withoutPart(text: string, part: JsonPart): string {
  if (partState(text, part) === 'missing') return text;
  if (part.kind === 'entry') return withoutEmpty(withoutValue(text, part.path), part.path.slice(0, -1));
  // from the end, so that the indices before stay what they are
  const bare = placesOf(text, part).reduceRight(
    (rest, place) => withoutValue(rest, [...part.path, ...inner(place)]),
    text,
  );
  return withoutEmpty(bare, part.path);
}

/** @throws CoordError `config` with the line for what is no JSON object; comments and a comma too many are fine */
export function checkJson(text: string, path: string): void {
  const errors: ParseError[] = [];
  const value = parse(withoutMark(text), errors, { allowTrailingComma: true });
  const [first] = errors;
  if (
    text.trim() === '' ||
    (first === undefined && typeof value === 'object' && value !== null && !Array.isArray(value))
  )
    return;
  const line = text.slice(0, first?.offset ?? 0).split('\n').length;
  throw new CoordError('config', `${path}:${line}: this is no JSON object, so it was left as it is`, {
    hint: 'Put it right, and run the same command again.',
  });
}

/** Where ours are in the list: an element, or one of a group with others. */
function placesOf(text: string, { path, command }: Extract<JsonPart, { kind: 'hook' }>): number[][] {
  const isOurs = (hook: unknown): boolean => {
    const line = (hook as { command?: unknown } | null)?.command;
    return typeof line === 'string' && command.test(line);
  };
  return elementsOf(valueAt(text, path)).flatMap((element, i) => {
    const group = elementsOf((element as { hooks?: unknown } | null)?.hooks);
    const ours = group.flatMap((hook, k) => (isOurs(hook) ? [k] : []));
    if (isOurs(element) || (ours.length > 0 && ours.length === group.length)) return [[i]];
    return ours.map((k) => [i, k]);
  });
}

const inner = ([element = 0, hook]: readonly number[]): JsonPath =>
  hook === undefined ? [element] : [element, 'hooks', hook];

/** What holds a comment isn't empty. */
function withoutEmpty(text: string, path: readonly string[]): string {
  return path.length > 0 && isEmptyAt(text, path) ? withoutEmpty(withoutValue(text, path), path.slice(0, -1)) : text;
}

function valueAt(text: string, path: readonly string[]): unknown {
  const tree = treeOf(text);
  let value: unknown = tree === undefined ? undefined : getNodeValue(tree);
  for (const key of path)
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  return value;
}

const elementsOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
