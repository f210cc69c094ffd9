import type { Objection } from './trial.ts';

const shownMax = 10;

/** What whoever pushed is told: what was refused, why, and what to do instead. Printable characters alone. */
export function refusalText(objections: readonly Objection[], prefix: string): string {
  const shown = objections.slice(0, shownMax).map(({ ref, why }) => `git-coord: refused: ${ref}: ${why}`);
  const more = objections.length - shownMax;
  const rest = more > 0 ? [`git-coord: refused: and ${more} more`] : [];
  const isBook = ({ ref }: Objection) => ref.startsWith(`${prefix}board/`) || ref.startsWith(`${prefix}claims/`);
  const branch = objections.find((objection) => !isBook(objection) && objection.ref.startsWith('refs/heads/'));
  const hints = [
    ...(branch === undefined
      ? []
      : [
          'git-coord: hint: land the work of a task that you hold: git coord land <id>; or send it to review: git coord land <id> --via-branch',
        ]),
    ...(objections.some(isBook)
      ? ['git-coord: hint: tasks and claims are moved by git coord alone: git coord help claim']
      : []),
  ];
  return `${[...shown, ...rest, ...hints].map(printable).join('\n')}\n`;
}

const printable = (line: string): string => line.replace(/[^\x20-\x7e]+/g, '?').slice(0, 500);
