/**
 * Secrets in the lines that are looked at, found by secretlint's recommended rules, without any network. What was found is
 * never printed: its kind and its place are. `secretlint-disable-line` in a comment excuses a line.
 */
import { touches } from './changed-lines.ts';
import type { PartResult } from './checks.ts';
import { leftOut, readSource } from './read-source.ts';
import type { AddedText, Scope } from './scope.ts';

const label = 'secrets';

export async function secretsPart(root: string, scope: Scope, stop: () => boolean): Promise<PartResult> {
  const history = (await scope.added?.()) ?? [];
  if (scope.files.length === 0 && history.length === 0)
    return { label, status: 'idle', reason: 'no changed file to look at', output: '', unchanged: true };
  const skipped: { name: string; why: string }[] = [];
  const found: string[] = [];
  for (const name of scope.files) {
    if (stop()) return { label, status: 'failed', reason: 'stopped at its time limit', output: found.join('\n') };
    const source = await readSource(root, name);
    if ('skipped' in source) {
      if (source.skipped !== 'binary') skipped.push({ name, why: source.skipped });
      continue;
    }
    const secrets = await secretsIn(source.text, name);
    // few files have any: only then are the lines asked for
    const lines = secrets.length > 0 ? ((await scope.linesOf([name])).get(name) ?? []) : [];
    for (const { kind, line, lastLine } of secrets)
      if (touches(lines, line, lastLine)) found.push(`${JSON.stringify(name).slice(1, -1)}:${line}: ${kind}`);
  }
  const past = await secretsInHistory(history, stop);
  if (past === null) return { label, status: 'failed', reason: 'stopped at its time limit', output: found.join('\n') };
  for (const { at, kind } of past) if (!found.some((one) => one.endsWith(kind))) found.push(`${at}: ${kind}`);
  const note = leftOut(skipped);
  if (found.length === 0) return { label, status: 'passed', reason: note, output: '' };
  const what = found.length === 1 ? 'a secret was' : `${found.length} secrets were`;
  return { label, status: 'failed', reason: `${what} found`, output: [...found, note ?? ''].join('\n') };
}

/** A secret that a later commit takes away is on the target for ever all the same. Null: stopped. */
async function secretsInHistory(
  history: readonly AddedText[],
  stop: () => boolean,
): Promise<{ at: string; kind: string }[] | null> {
  const found: { at: string; kind: string }[] = [];
  for (const { commit, file, text } of history) {
    if (stop()) return null;
    if (text.length > textCharsMax) continue;
    for (const { kind } of await secretsIn(text, file))
      found.push({ at: `${JSON.stringify(file).slice(1, -1)}, in commit ${commit.slice(0, 12)}`, kind });
  }
  return found;
}

/** As of a file: what is longer is generated. */
const textCharsMax = 1024 * 1024;

interface Secret {
  readonly kind: string;
  readonly line: number;
  readonly lastLine: number;
}

async function secretsIn(text: string, name: string): Promise<Secret[]> {
  const [{ lintSource }, { creator }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  // the name itself plays no part
  const ext = /\.\w+$/.exec(name)?.[0] ?? '';
  const { messages } = await lintSource({
    source: { filePath: `file${ext}`, content: text, contentType: 'text', ext },
    options: {
      config: { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator }] },
      locale: 'en',
      maskSecrets: true,
      noPhysicFilePath: true,
    },
  });
  return messages
    .filter(({ severity }) => severity === 'error')
    .map(({ messageId, ruleId, loc }) => ({
      kind: `looks like a secret: ${messageId} (${ruleId})`,
      line: loc.start.line,
      lastLine: loc.end.line,
    }));
}
