import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TaskChange } from '../domain/decide-edit.ts';
import type { Json } from '../domain/task.ts';
import { CoordError } from '../errors.ts';
import { nestingMax, nestingOf } from '../store/commit-codec.ts';
import type { Parsed } from './frame/parsed.ts';

/** What stands in a note is two levels deeper. */
const payloadNestingMax = nestingMax - 4;

/** The options of `add` and `edit` as a task has them; only those that were given. */
export function taskInput(parsed: Parsed): TaskChange {
  const notBefore = parsed.text('not-before');
  const payload = parsed.text('payload');
  const given: Record<string, unknown> = {
    priority: parsed.number('priority'),
    type: parsed.text('type'),
    labels: parsed.list('label'),
    needs: parsed.list('needs'),
    requires: parsed.list('requires'),
    payload: payload === undefined ? undefined : parseJson(payload, '--payload'),
    timeoutMs: parsed.number('timeout'),
    retryLimit: parsed.number('retries'),
    description: parsed.text('description'),
    notBefore: notBefore === undefined ? undefined : date(notBefore),
    onNeedFailed: parsed.text('on-need-failed'),
    title: parsed.text('title'),
  };
  const entries = Object.entries(given).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(entries) as TaskChange;
}

/** @throws CoordError `usage` with the place of the mistake */
export function parseJson(text: string, option: string): Json {
  if (nestingOf(text) > payloadNestingMax)
    throw new CoordError('usage', `${option} nests more than ${payloadNestingMax} levels`);
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new CoordError('usage', `${option} is no JSON: ${error instanceof Error ? error.message : ''}`, {
      hint: `Texts stand in quotes too: ${option} '"done"'.`,
    });
  }
}

/** `<json>` or `@<file>` with JSON in it. */
export function jsonOrFile(text: string, option: string, cwd: string): Json {
  if (!text.startsWith('@')) return parseJson(text, option);
  const path = resolve(cwd, text.slice(1));
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new CoordError('usage', `${option}: ${path} can't be read`, { cause: error });
  }
  if (!isUtf8(content)) throw new CoordError('usage', `${option}: ${path} is no UTF-8`);
  return parseJson(content.toString('utf8'), option);
}

function date(text: string): string {
  const ms = Date.parse(text);
  if (Number.isNaN(ms))
    throw new CoordError('usage', `--not-before: ${JSON.stringify(text)} is no date`, {
      hint: 'As in 2026-12-24T18:00:00Z.',
    });
  return new Date(ms).toISOString();
}
