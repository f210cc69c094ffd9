/**
 * Puts a member into a JSON text and takes one out, and changes no other byte: the parser's own edits lay out anew what
 * stands beside, and lose comments there.
 */
import { findNodeAtLocation, type Node, parseTree } from 'jsonc-parser';

export type JsonPath = readonly (string | number)[];

const comment = String.raw`\/\/[^\n]*|\/\*[\s\S]*?\*\/`;
const upToComma = new RegExp(String.raw`(?:\s|${comment})*?,`, 'y');
/** What stands behind a member in its own line. */
const restOfLine = /[ \t]*(?:\/\/[^\n]*|\/\*[^\n]*?\*\/[ \t]*)?(?=\r?\n)/y;

export const treeOf = (text: string): Node | undefined =>
  parseTree(withoutMark(text), [], { allowTrailingComma: true });

/** A byte order mark as a space: what stands behind it stays where it is. */
export const withoutMark = (text: string): string => text.replace(/^\ufeff/, ' ');

/** Null: there is nothing, or `path` leads through something that has no members. */
function nodeAt(text: string, path: JsonPath): Node | null {
  const tree = treeOf(text);
  return (tree && findNodeAtLocation(tree, [...path])) ?? null;
}

/** Whether nothing stands between the brackets there, no comment either, in a member with a line of its own: as we make it. */
export function isEmptyAt(text: string, path: JsonPath): boolean {
  const node = nodeAt(text, path);
  if (node === null || ownLine(text, node.parent?.offset ?? 0) === undefined) return false;
  return /^(?:\{\s*\}|\[\s*\])$/.test(text.slice(node.offset, endOf(node)));
}

/**
 * The text with a value at a path where nothing is, what is missing above it made too. A number as the last step adds to a
 * list. Null: what is there has another form.
 */
export function withValue(text: string, path: JsonPath, value: unknown): string | null {
  const [last, ...above] = [...path].reverse();
  const parent = path.slice(0, -1);
  const container = nodeAt(text, parent);
  if (container === null) {
    const whole = typeof last === 'number' ? [value] : { [String(last)]: value };
    return above.length === 0 ? null : withValue(text, parent, whole);
  }
  if (container.type !== (typeof last === 'number' ? 'array' : 'object')) return null;
  const unit = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
  const name = typeof last === 'number' ? '' : `${JSON.stringify(last)}: `;
  return withMember(text, container, name + JSON.stringify(value, null, unit), unit);
}

function withMember(text: string, container: Node, member: string, unit: string): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const outer = indentAt(text, container.offset);
  const [first, last] = [container.children?.[0], container.children?.at(-1)];
  const inner = (first && ownLine(text, first.offset)) ?? outer + unit;
  const lines = eol + inner + member.replaceAll('\n', eol + inner);
  const close = endOf(container) - 1;
  if (last === undefined) {
    const inside = text.slice(container.offset + 1, close).trimEnd();
    return text.slice(0, container.offset + 1) + inside + lines + eol + outer + text.slice(close);
  }
  const comma = matched(upToComma, text, endOf(last));
  const at = endOf(last) + comma.length;
  const rest = matched(restOfLine, text, at);
  // whoever ends the last with a comma does so with ours
  const [between, after] = comma === '' ? [',', ''] : ['', ','];
  return text.slice(0, at) + between + rest + lines + after + text.slice(at + rest.length);
}

/** The text without what is at a path; comments stay. */
export function withoutValue(text: string, path: JsonPath): string {
  const node = nodeAt(text, path);
  const container = nodeAt(text, path.slice(0, -1));
  if (node === null || container === null) return text;
  const member = node.parent?.type === 'property' ? node.parent : node;
  const members = container.children ?? [];
  const index = members.findIndex(({ offset }) => offset === member.offset);
  const [before, after] = [members[index - 1], members[index + 1]];
  const start = before === undefined ? container.offset + 1 : endOf(before);
  const end = after === undefined ? endOf(container) - 1 : after.offset;
  const [above, below] = [text.slice(start, member.offset), text.slice(endOf(member), end)];
  if (after !== undefined) return text.slice(0, start) + above + withoutComma(below).trimStart() + text.slice(end);
  const tail = withoutComma(below);
  const head = before === undefined || tail !== below ? above : withoutComma(above);
  const inside = before === undefined && (head + tail).trim() === '' ? '' : joined(head.trimEnd(), tail);
  return text.slice(0, start) + inside + text.slice(end);
}

/** A line comment must not take what follows into itself. */
const joined = (head: string, tail: string): string =>
  /\/\/[^\n]*$/.test(head) && !/^[ \t]*\r?\n/.test(tail) ? `${head}\n${tail}` : head + tail;

function withoutComma(text: string): string {
  const { length } = matched(upToComma, text, 0);
  return length === 0 ? text : text.slice(0, length - 1) + text.slice(length);
}

function matched(sticky: RegExp, text: string, at: number): string {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0] ?? '';
}

const endOf = ({ offset, length }: Node): number => offset + length;

/** The indentation of the line. */
const indentAt = (text: string, at: number): string =>
  /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1))?.[0] ?? '';

/** The indentation of what begins at `at`, if it is the first thing in its line; else undefined. */
function ownLine(text: string, at: number): string | undefined {
  const line = text.lastIndexOf('\n', at - 1) + 1;
  const before = text.slice(line, at);
  return line > 0 && before.trim() === '' ? before : undefined;
}
