import { commands } from './commands.ts';
import { commandData, commandHelp, findCommand, overview } from './frame/help.ts';
import type { Run } from './frame/spec.ts';

export const run: Run = async (context, parsed) => {
  const name = parsed.positionals[0];
  if (name === undefined)
    return {
      data: { commands: commands.filter((each) => !each.hidden).map(commandData) },
      text: overview(context.style, context.terminal.columns),
    };
  const command = findCommand(name);
  return { data: commandData(command), text: commandHelp(command, context.style, context.terminal.columns) };
};
