/**
 * Cyclomatic complexity of each function of a JavaScript or TypeScript file, counted as ESLint's rule `complexity` does: 1, and
 * 1 for each `if`, loop, `catch`, `case`, `?:`, `&&`, `||`, `??` (and their assignments), default value and `?.`.
 */
import type { ParserPlugin } from '@babel/parser';

export interface FunctionComplexity {
  readonly name: string;
  readonly line: number;
  readonly lastLine: number;
  readonly complexity: number;
}

export type Measured =
  | { readonly functions: readonly FunctionComplexity[] }
  /** It is no such file, or in a dialect that the parser doesn't know. */
  | { readonly problem: string };

/** What can be measured. What a tool has minified is no source. */
export const isMeasurable = (name: string): boolean =>
  /\.(?:[cm]?[jt]s|[jt]sx)$/.test(name) && !/\.min\.[cm]?js$|\.d\.[cm]?ts$/.test(name);

/** Never throws for what is in the file. The parser is loaded with the first one. */
export async function measure(text: string, name: string): Promise<Measured> {
  const { parse } = await import('@babel/parser');
  try {
    const { program } = parse(text, {
      sourceType: 'unambiguous',
      errorRecovery: true,
      allowReturnOutsideFunction: true,
      allowAwaitOutsideFunction: true,
      allowImportExportEverywhere: true,
      allowSuperOutsideMethod: true,
      allowUndeclaredExports: true,
      attachComment: false,
      plugins: dialect(name),
    });
    return { functions: functionsIn(program as unknown as Node) };
  } catch (error) {
    if (error instanceof RangeError) return { problem: 'nested too deeply' };
    const { message, loc } = error as Error & { loc?: { line: number } };
    return { problem: `line ${loc?.line ?? 1}: ${message.replace(/ \(\d+:\d+\)$/, '').split('\n')[0]}` };
  }
}

function dialect(name: string): ParserPlugin[] {
  const common: ParserPlugin[] = [
    ['estree', { classFeatures: true }],
    'decorators',
    'decoratorAutoAccessors',
    'explicitResourceManagement',
  ];
  if (/\.[cm]?ts$/.test(name)) return [...common, 'typescript'];
  return [...common, 'jsx', name.endsWith('.tsx') ? 'typescript' : 'flow'];
}

interface Node {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number }; readonly end: { readonly line: number } };
  readonly [key: string]: unknown;
}

interface Counter {
  readonly name: string;
  readonly line: number;
  readonly lastLine: number;
  /** Where it begins, in the text. */
  readonly start: number;
  complexity: number;
}

interface Visit {
  readonly node: Node;
  /** Of the function that it stands in; null outside of all. */
  readonly counter: Counter | null;
  /** What a function here would be called. */
  readonly name: string;
  readonly className: string;
  readonly isFieldValue: boolean;
}

const functionTypes = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const branches = new Set([
  'CatchClause',
  'ConditionalExpression',
  'LogicalExpression',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'IfStatement',
  'WhileStatement',
  'DoWhileStatement',
  'AssignmentPattern',
]);

/** A stack of our own: sources nest deeper than calls may. */
function functionsIn(program: Node): FunctionComplexity[] {
  const found: Counter[] = [];
  const stack: Visit[] = [{ node: program, counter: null, name: '', className: '', isFieldValue: false }];
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    const counter = startsAnew(visit) ? newCounter(visit) : visit.counter;
    if (counter !== null && counter !== visit.counter) found.push(counter);
    if (counter !== null) counter.complexity += branching(visit.node);
    for (const below of visitsBelow(visit, counter)) stack.push(below);
  }
  return found.sort((a, b) => a.start - b.start);
}

function* visitsBelow(visit: Visit, counter: Counter | null): Generator<Visit> {
  const { node } = visit;
  const className = (node.type.startsWith('Class') && nameOf(node.id)) || visit.className;
  for (const key of Object.keys(node)) {
    const value = node[key];
    // most keys of most nodes are no nodes: sources may have hundreds of thousands
    if (typeof value !== 'object' || value === null || key === 'loc' || key.endsWith('omments')) continue;
    const name = nameFrom(node, key, visit, className);
    const isFieldValue = isField(node) && key === 'value';
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child)) yield { node: child, counter, name, className, isFieldValue };
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** What a field is set to is run like a function of its own. */
const startsAnew = ({ node, isFieldValue }: Visit): boolean =>
  functionTypes.has(node.type) || node.type === 'StaticBlock' || isFieldValue;

const isField = ({ type }: Node): boolean => type === 'PropertyDefinition' || type === 'AccessorProperty';

function newCounter({ node, name, className }: Visit): Counter {
  const own = functionTypes.has(node.type) ? nameOf(node.id) : '';
  const byPlace = node.type === 'StaticBlock' ? `${className || 'class'}.static` : name;
  return {
    name: own || byPlace || '(anonymous)',
    line: node.loc?.start.line ?? 1,
    lastLine: node.loc?.end.line ?? 1,
    start: Number(node.start),
    complexity: 1,
  };
}

function branching(node: Node): number {
  if (branches.has(node.type)) return 1;
  if (node.type === 'SwitchCase') return node.test === null ? 0 : 1;
  if (node.type === 'AssignmentExpression') return /^(?:\|\||&&|\?\?)=$/.test(String(node.operator)) ? 1 : 0;
  if (node.type === 'MemberExpression' || node.type === 'CallExpression') return node.optional === true ? 1 : 0;
  return 0;
}

/** The name that a function gets by where it stands. */
function nameFrom(node: Node, key: string, visit: Visit, className: string): string {
  if (node.type === 'VariableDeclarator' && key === 'init') return nameOf(node.id);
  if (node.type === 'AssignmentExpression' && key === 'right') return nameOf(node.left);
  if (node.type === 'AssignmentPattern' && key === 'right') return nameOf(node.left);
  if (key === 'value' && node.type === 'Property') return nameOf(node.key);
  if (key === 'value' && (node.type === 'MethodDefinition' || isField(node))) return memberName(node, className);
  // what wraps an expression without changing it
  return /^TS\w+Expression$|^ParenthesizedExpression$/.test(node.type) ? visit.name : '';
}

const memberName = (node: Node, className: string): string =>
  `${className === '' ? '' : `${className}.`}${nameOf(node.key) || '(computed)'}`;

function nameOf(node: unknown): string {
  if (!isNode(node)) return '';
  if (node.type === 'PrivateIdentifier' || node.type === 'PrivateName')
    return `#${String(node.name ?? nameOf(node.id))}`;
  if (node.type === 'Identifier') return String(node.name);
  if (node.type === 'Literal') return String(node.value);
  return node.type === 'MemberExpression' ? nameOf(node.property) : '';
}
