/** The commands that stand in the documents, and a shell that runs them as a reader would type them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export interface Block {
  readonly language: string;
  /** What follows the language: `checkout` is for a checkout of this project, `first-minute` is timed (helpers/first-minute.ts). */
  readonly note: string;
  readonly lines: readonly string[];
  /** Of its first line, from 1. */
  readonly line: number;
}

export interface Step {
  readonly command: string;
  readonly status: number;
  /** Lines that must come, `...` for any lines and `…` for any text; null: anything may come. */
  readonly output: readonly string[] | null;
  readonly line: number;
}

export function blocksOf(markdown: string): Block[] {
  const blocks: { language: string; note: string; lines: string[]; line: number }[] = [];
  let open = false;
  markdown.split('\n').forEach((text, index) => {
    const fence = /^```(\S*) ?(.*)$/.exec(text);
    if (fence === null) {
      if (open) blocks.at(-1)?.lines.push(text);
    } else {
      open = !open;
      if (open) blocks.push({ language: fence[1] ?? '', note: fence[2] ?? '', lines: [], line: index + 2 });
    }
  });
  return blocks;
}

/** `$ command   # exit 4`, and below it what it prints; of an `sh` block every line is a command. */
export function stepsOf({ language, lines, line }: Block): Step[] {
  const steps: { command: string; status: number; output: string[] | null; line: number }[] = [];
  lines.forEach((text, index) => {
    const typed = language === 'sh' ? text : /^\$ (.*)$/.exec(text)?.[1];
    if (typed === undefined) steps.at(-1)?.output?.push(text);
    else if (typed.trim() !== '' && !typed.startsWith('#')) {
      const [, command = '', status = '0'] = /^(.*?)(?:\s+# exit (\d+))?$/.exec(typed) ?? [];
      steps.push({ command, status: Number(status), output: language === 'sh' ? null : [], line: line + index });
    }
  });
  return steps;
}

const mark = '@@ status';

export interface Ran {
  readonly status: number;
  readonly output: string;
}

/** Runs the steps in one shell, so that variables and the folder stay. Output: both streams, in order. */
export function runSteps(
  steps: readonly Pick<Step, 'command'>[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Ran[] {
  const script = steps.map(({ command }) => `${command}\necho "${mark} $?"\n`).join('');
  mkdirSync(options.cwd, { recursive: true });
  const { stdout } = spawnSync('sh', ['-c', `exec 2>&1\n${script}`], {
    ...options,
    encoding: 'utf8',
    timeout: 120_000,
  });
  const ran: Ran[] = [];
  let rest = stdout;
  for (let at = rest.indexOf(mark); at >= 0; at = rest.indexOf(mark)) {
    const end = rest.indexOf('\n', at);
    ran.push({ output: rest.slice(0, at), status: Number(rest.slice(at + mark.length, end)) });
    rest = rest.slice(end + 1);
  }
  return ran;
}

/** Whether an output is what the document shows. */
export function fits(output: string, expected: readonly string[]): boolean {
  const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const lines = expected.map((line) =>
    line === '...' ? '(?:[^\\n]*\\n)*' : `${line.split('…').map(escaped).join('[^\\n]+')}\\n`,
  );
  return new RegExp(`^${lines.join('')}\\n*$`).test(output);
}

/** A repository with a remote, a name and one commit, as a reader has it. */
export function makeProject(folder: string, env: NodeJS.ProcessEnv): string {
  const project = join(folder, 'project');
  const git = (cwd: string, ...args: string[]) => {
    const { status, stderr } = spawnSync('git', args, { cwd, env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  };
  git(folder, 'init', '--quiet', '--bare', '--initial-branch=main', 'origin.git');
  git(folder, 'clone', '--quiet', join(folder, 'origin.git'), project);
  git(folder, 'config', '--global', 'user.name', 'Ada');
  git(folder, 'config', '--global', 'user.email', 'ada@example.invalid');
  git(project, 'commit', '--quiet', '--allow-empty', '-m', 'Begin');
  git(project, 'push', '--quiet', 'origin', 'HEAD:main');
  return project;
}
