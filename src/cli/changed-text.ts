/** What `WHAT` and `TERM` say already, and what only programs want to know. */
const untold = new Set(['term', 'holder', 'attempts', 'backoffMs']);

/** What a step of a task changed, in words. */
export function changedText(changes: object): string {
  return Object.entries(changes)
    .filter(([name, value]) => !untold.has(name) && value !== null)
    .map(([name, value]) => (name === 'notes' ? noteText(value) : `${name}: ${valueText(value)}`))
    .join(', ');
}

/** The newest remark: that is what the step added. */
function noteText(value: unknown): string {
  const last = Array.isArray(value) ? (value.at(-1) as { text?: unknown } | undefined) : undefined;
  return `note: ${typeof last?.text === 'string' ? last.text : ''}`;
}

/** Progress and errors by their text. */
function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  const { text, percent, message } = value as { text?: unknown; percent?: unknown; message?: unknown };
  if (typeof text === 'string') return typeof percent === 'number' ? `${text} (${percent} %)` : text;
  return typeof message === 'string' ? message : JSON.stringify(value);
}
