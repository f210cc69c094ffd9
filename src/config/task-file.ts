import type { ImportedTask } from '../domain/task-record.ts';

/** A file of tasks, of one of the kinds (docs/cli.md, "Export and import"). All problems at once, each with file and line. */
export interface ImportFile {
  readonly tasks: readonly ImportedTask[];
  /** Items that no task was made of. */
  readonly skipped: number;
  /** What they are: `which are checked`. */
  readonly skippedWhy: string;
  /** What could not be kept, a line each. */
  readonly notices: readonly string[];
  /** It is an export: its tasks may need what nobody knows, as in the book that they come from. */
  readonly isExport: boolean;
  /** `file:line`, of one of the tasks. */
  placeOf(task: number): string;
}
