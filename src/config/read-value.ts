import { durationProblem, formatDuration, parseDuration } from './durations.ts';
import { nearest } from './nearest.ts';
import type { Kind, SettingValue } from './settings.ts';

/** How values are read in one place: git and the environment have texts alone, the older file has rules of its own. */
export interface ReadingRules {
  /** Numbers, booleans and lists come as texts. */
  readonly textOnly: boolean;
  /** A bare number for a duration means seconds. */
  readonly bareSeconds: boolean;
  /** Words are folded to lower case. */
  readonly foldWords: boolean;
}

export type Reading = { readonly value: SettingValue } | { readonly problem: string };

/** One value, checked against its kind. The problem is worded to follow the key's name. */
export function readValue(kind: Kind, raw: unknown, rules: ReadingRules): Reading {
  switch (kind.kind) {
    case 'word':
      return readWord(kind.words, raw, rules);
    case 'duration':
      return readDuration(kind, raw, rules);
    case 'integer':
      return readInteger(kind, raw, rules);
    case 'boolean':
      return readBoolean(raw, rules);
    case 'list':
      return readList(kind.words, raw, rules);
    case 'text': {
      if (typeof raw !== 'string') return { problem: `must be a text, not ${shown(raw)}` };
      const problem = kind.check?.(raw) ?? (raw.trim() === '' ? 'must not be empty' : null);
      return problem === null ? { value: raw } : { problem: `${problem}, not ${shown(raw)}` };
    }
  }
}

function readWord(words: readonly string[], raw: unknown, rules: ReadingRules): Reading {
  const value = rules.foldWords && typeof raw === 'string' ? raw.toLowerCase() : raw;
  if (typeof value === 'string' && words.includes(value)) return { value };
  return { problem: `must be one of ${words.join(', ')}, not ${shown(raw)}` };
}

function readDuration(kind: Extract<Kind, { kind: 'duration' }>, raw: unknown, rules: ReadingRules): Reading {
  const text = typeof raw === 'number' ? String(raw) : raw;
  if (typeof text !== 'string') return { problem: `must be a duration, not ${shown(raw)}` };
  const folded = rules.foldWords ? text.toLowerCase() : text;
  if (kind.auto && folded === 'auto') return { value: 'auto' };
  const bare = rules.bareSeconds && /^\d+(\.\d+)?$/.test(text);
  const ms = parseDuration(bare ? `${text}s` : folded);
  if (ms === null) return { problem: durationProblem(text) };
  if (ms >= kind.minMs && ms <= kind.maxMs) return { value: ms };
  return {
    problem: `must lie between ${formatDuration(kind.minMs)} and ${formatDuration(kind.maxMs)}, not at ${text}`,
  };
}

function readInteger(kind: Extract<Kind, { kind: 'integer' }>, raw: unknown, rules: ReadingRules): Reading {
  if (kind.off && (rules.foldWords ? String(raw).toLowerCase() : raw) === 'off') return { value: 'off' };
  const value = rules.textOnly && typeof raw === 'string' && /^-?\d+$/.test(raw) ? Number(raw) : raw;
  if (typeof value === 'number' && Number.isInteger(value) && value >= kind.min && value <= kind.max) return { value };
  const range = `a whole number from ${kind.min} to ${kind.max}${kind.off ? ', or off' : ''}`;
  return { problem: `must be ${range}, not ${shown(raw)}` };
}

function readBoolean(raw: unknown, rules: ReadingRules): Reading {
  if (typeof raw === 'boolean') return { value: raw };
  if (rules.textOnly && typeof raw === 'string') {
    if (/^(true|yes|on|1)$/i.test(raw)) return { value: true };
    if (/^(false|no|off|0)$/i.test(raw)) return { value: false };
  }
  return { problem: `must be true or false, not ${shown(raw)}` };
}

function readList(words: readonly string[] | undefined, raw: unknown, rules: ReadingRules): Reading {
  const items = rules.textOnly && typeof raw === 'string' ? raw.split(',').map((item) => item.trim()) : raw;
  if (!Array.isArray(items)) return { problem: `must be a list, as [a, b], not ${shown(raw)}` };
  const value = items.filter((item): item is string => typeof item === 'string' && item !== '');
  const empty = rules.textOnly && items.length === 1 && items[0] === '';
  if (value.length !== items.length && !empty) return { problem: `must be a list of texts, not ${shown(raw)}` };
  const stranger = value.find((item) => words !== undefined && !words.includes(item));
  if (words === undefined || stranger === undefined) return { value };
  const near = nearest(stranger, words);
  const meant = near === null ? '' : ` (did you mean ${near}?)`;
  return { problem: `must be a list of ${words.join(', ')}: it has ${shown(stranger)}${meant}` };
}

const shown = (raw: unknown): string => (JSON.stringify(raw) ?? String(raw)).slice(0, 60);
