/**
 * The command line as one table: parsing, help, the manual page and completion are all read from it. What a command does
 * stands in the file that `load` names; nothing of it is loaded before it is called.
 */
import { claimCommands } from './commands/claims.ts';
import { runningCommands } from './commands/running.ts';
import { setUpCommands } from './commands/set-up.ts';
import { taskCommands } from './commands/tasks.ts';
import type { CommandSpec } from './frame/spec.ts';

export const commands: readonly CommandSpec[] = [
  ...setUpCommands,
  ...taskCommands,
  ...claimCommands,
  ...runningCommands,
];
