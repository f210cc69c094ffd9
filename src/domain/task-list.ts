/** A plain list of titles in Markdown, as people write one (docs/cli.md, "Export and import"). Pure. */
export interface ListedTask {
  /** From 1. */
  readonly line: number;
  readonly title: string;
  /** `- [x]`: somebody has done it. */
  readonly isChecked: boolean;
  /** The item that it stands below, by its place among all; null: none. */
  readonly parent: number | null;
}

const itemForm = /^(\s*)(?:[-*+]|\d{1,9}[.)])\s+(?:\[([ xX])\](?:\s+|$))?(.*)$/;
const fenceForm = /^\s*(?:```|~~~)/;

/** Every item is one; headings, other text and code in fences are passed over. */
export function readTaskList(text: string): ListedTask[] {
  const items: (ListedTask & { readonly indent: number })[] = [];
  let above: number[] = [];
  let inFence = false;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (fenceForm.test(line)) inFence = !inFence;
    else if (/^#/.test(line)) above = [];
    const [, space = '', box, words = ''] = (inFence ? null : itemForm.exec(line)) ?? [];
    const title = words.trim();
    if (title === '') continue;
    const indent = space.replaceAll('\t', '    ').length;
    above = above.filter((item) => (items[item]?.indent ?? 0) < indent);
    const isChecked = box === 'x' || box === 'X';
    items.push({ line: index + 1, title, isChecked, parent: above.at(-1) ?? null, indent });
    above.push(items.length - 1);
  }
  return items.map(({ indent: _indent, ...item }) => item);
}
