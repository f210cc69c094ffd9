import type { Document, LineCounter } from 'yaml';

/** YAML, of which JSON is a part. */
export interface YamlText {
  readonly document: Document;
  readonly counter: LineCounter;
  /** What is wrong with its form. Where there is anything, the document can't be trusted. */
  readonly broken: readonly { readonly line: number; readonly text: string }[];
}

/**
 * Reads a file's one document. A second one would be passed over without a word, so it counts as broken, unless there is nothing in it
 * (a `---` that ends the file).
 */
export async function parseYaml(text: string): Promise<YamlText> {
  const yaml = await import('yaml');
  const counter = new yaml.LineCounter();
  const documents = yaml.parseAllDocuments(text, {
    lineCounter: counter,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const [document = new yaml.Document(null), ...others] = [...documents];
  const isEmpty = ({ contents }: Document) => contents === null || (yaml.isScalar(contents) && contents.value === null);
  const lineAt = (offset: number) => counter.linePos(offset).line;
  const broken = document.errors.map(({ pos, message }) => ({
    line: lineAt(pos[0]),
    text: message.split('\n')[0] ?? '',
  }));
  const second = others.find((other) => other.errors.length > 0 || !isEmpty(other));
  if (second === undefined) return { document, counter, broken };
  return { document, counter, broken: [...broken, { line: lineAt(second.range[0]), text: secondDocument }] };
}

const secondDocument = 'a second document begins here; only one is read from a file';
