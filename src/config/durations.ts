const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const form = /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/;
const units = ['d', 'h', 'm', 's', 'ms'] as const;

/** Milliseconds of a duration as people write it (`90s`, `25m`, `1h30m`, `7d`, `500ms`); null when it is none. A bare number is none. */
export function parseDuration(text: string): number | null {
  const parts = text.length > 0 && text.length <= 40 ? form.exec(text) : null;
  if (parts === null) return null;
  const ms = units.reduce((sum, unit, index) => sum + Number(parts[index + 1] ?? 0) * (unitMs[unit] ?? 0), 0);
  return Number.isSafeInteger(Math.round(ms)) ? Math.round(ms) : null;
}

/** A duration as `parseDuration` reads it back, exactly. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  let text = '';
  for (const unit of units) {
    const size = unitMs[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text === '' ? '0s' : text;
}

/** What is wrong with a text that is no duration, and how to write one. */
export function durationProblem(text: string): string {
  if (/^\d+(\.\d+)?$/.test(text)) return `has no unit: write ${text}s for seconds or ${text}m for minutes`;
  return `is no duration: ${JSON.stringify(text.slice(0, 40))} (write 90s, 25m, 1h30m or 7d)`;
}
