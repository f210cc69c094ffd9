import { CoordError } from '../../errors.ts';
import { commands } from '../commands.ts';
import { type CommandSpec, globalOptions, isShortOnly, type OptionSpec } from './spec.ts';

const shown = (): readonly CommandSpec[] => commands.filter((command) => !command.hidden);

/** The words that can follow a command: those of its first argument, and its options. */
function wordsAfter(command: CommandSpec): string[] {
  const own = command.name === 'help' ? shown().map((each) => each.name) : (command.positionals[0]?.words ?? []);
  const global = globalOptions.filter((option) => !command.options.some((each) => each.name === option.name));
  return [...own, ...[...command.options, ...global].flatMap(longName)];
}

const longName = (option: OptionSpec): string[] => (isShortOnly(option) ? [`-${option.short}`] : [`--${option.name}`]);

/** The script that a user evaluates. @throws CoordError `usage` for a shell that we don't know */
export function completionScript(shell: string): string {
  if (shell === 'bash') return bashScript();
  if (shell === 'zsh') return zshScript();
  if (shell === 'fish') return fishScript();
  throw new CoordError('usage', `no completion for ${JSON.stringify(shell)}: bash, zsh or fish`);
}

const cases = (): string =>
  shown()
    .map((command) => `    ${command.name}) words='${wordsAfter(command).join(' ')}' ;;`)
    .join('\n');

const start = (): string => [...shown().map((command) => command.name), ...globalOptions.flatMap(longName)].join(' ');

/** `_git_coord` is what git's own completion calls for `git coord`. */
function bashScript(): string {
  return `# git coord completion for bash
_git_coord() {
  local i word words command= current="\${COMP_WORDS[COMP_CWORD]}"
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
    -C | --agent) i=$((i + 1)) ;;
    -*) ;;
    coord) ;;
    *) command="$word"; break ;;
    esac
  done
  case "$command" in
    '') words='${start()}' ;;
${cases()}
    *) words= ;;
  esac
  # options only where one was begun: alone they would put a "-" on the line
  if [[ "$current" != -* ]]; then words=" $words"; words="\${words%% -*}"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))

}
complete -o default -F _git_coord git-coord
`;
}

function zshScript(): string {
  return `#compdef git-coord
# git coord completion for zsh
_git-coord() {
  local i=2 word command= words_
  while (( i < CURRENT )); do
    word="\${words[i]}"
    case "$word" in
    -C | --agent) (( i++ )) ;;
    -*) ;;
    *) command="$word"; break ;;
    esac
    (( i++ ))
  done
  case "$command" in
    '') words_='${start()}' ;;
${cases().replaceAll(' words=', ' words_=')}
    *) words_= ;;
  esac
  compadd -- \${=words_}
}
compdef _git-coord git-coord
`;
}

function fishScript(): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const names = shown().map((command) => command.name);
  const none = `not __fish_seen_subcommand_from ${names.join(' ')}`;
  const lines = ['# git coord completion for fish', 'complete -c git-coord -f'];
  for (const command of shown()) {
    lines.push(`complete -c git-coord -n ${quote(none)} -a ${command.name} -d ${quote(command.summary)}`);
    const seen = quote(`__fish_seen_subcommand_from ${command.name}`);
    const first = command.name === 'help' ? names : (command.positionals[0]?.words ?? []);
    if (first.length > 0) lines.push(`complete -c git-coord -n ${seen} -a ${quote(first.join(' '))}`);
    for (const option of command.options) lines.push(`complete -c git-coord -n ${seen} ${fishOption(option, quote)}`);
  }
  for (const option of globalOptions) lines.push(`complete -c git-coord ${fishOption(option, quote)}`);
  return `${lines.join('\n')}\n`;
}

function fishOption(option: OptionSpec, quote: (text: string) => string): string {
  const short = option.short === undefined ? '' : `-s ${option.short} `;
  const long = isShortOnly(option) ? '' : `-l ${option.name} `;
  const value = option.type === 'boolean' ? '' : `-x ${option.words ? `-a ${quote(option.words.join(' '))} ` : ''}`;
  return `${short}${long}${value}-d ${quote(option.summary)}`;
}
