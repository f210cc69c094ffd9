import { supervise } from '../supervise.ts';
import type { PartResult } from './checks.ts';
import { asPath, shellArguments, wantsFiles } from './file-names.ts';
import { isFound, toolPath } from './find-tool.ts';
import { readCommand, readTool } from './read-ending.ts';
import type { Scope } from './scope.ts';
import type { Tool, ToolStep } from './steps.ts';

export interface ToolRun {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly changedOnly: boolean;
  readonly changed: () => Promise<Scope>;
  /** A command begins, in words. */
  readonly onStart: (words: string) => void;
}

const graceMs = 3000;
const outputBytesMax = 64 * 1024;
/** An audit's report is read as a whole, and isn't shown. */
const reportBytesMax = 8 * 1024 * 1024;
/** A registry that doesn't answer must not hold a gate up. */
const auditMsMax = 60_000;
/** More names than this don't fit on a command line. */
const nameBytesMax = 100 * 1024;

/** A command of the configuration. */
export async function runCommand(command: string, run: ToolRun): Promise<PartResult> {
  const part = { label: '', output: '' };
  if (!wantsFiles(command)) return { ...part, ...(await shell(command, [], run)) };
  const { files, deleted } = await run.changed();
  if (files.length === 0) {
    const reason = deleted > 0 ? 'the changed files are all deleted' : 'no file has changed';
    return { ...part, status: 'idle', reason, unchanged: true };
  }
  return { ...part, ...(await shell(command, files, run)) };
}

async function shell(command: string, files: readonly string[], run: ToolRun) {
  const args = shellArguments(command, files);
  run.onStart(command);
  return readCommand(await start('sh', args, run, run.env, run.timeoutMs, outputBytesMax), run.timeoutMs);
}

/** The first of the tools that this machine has. */
export async function runTool(step: ToolStep, run: ToolRun): Promise<PartResult> {
  const { tools, reader = 'status', about } = step;
  const label = labelOf(tools[0]);
  const extra = about !== undefined;
  if (extra && run.changedOnly && !(await touchesAny(about, run)))
    return { label, status: 'idle', reason: 'no dependency has changed', output: '', extra };
  const path = toolPath(run.root, run.env.PATH);
  const chosen = await firstFound(tools, path);
  if (chosen === null) {
    const names = tools.map(({ command }) => command).join(' or ');
    return { label, status: 'missing', reason: `${names} was not found`, output: '', extra };
  }
  const call = await callOf(chosen, run);
  if (call === null)
    return { label, status: 'idle', reason: 'none of its files has changed', output: '', extra, unchanged: true };
  const [command = '', ...args] = call;
  run.onStart(labelOf(chosen));
  const timeoutMs = extra ? Math.min(auditMsMax, run.timeoutMs) : run.timeoutMs;
  const bytesMax = extra ? reportBytesMax : outputBytesMax;
  const ended = await start(command, args, run, { ...run.env, PATH: path }, timeoutMs, bytesMax);
  return { label: labelOf(chosen), extra, ...readTool(ended, reader, timeoutMs) };
}

/** `npm run build`, `go vet`: what people would type, without its flags. */
function labelOf({ command, args }: Tool): string {
  const words = args.filter((word) => /^[a-z][\w:-]*$/.test(word)).slice(0, command === 'npm' ? 2 : 1);
  return [command, ...words].join(' ');
}

async function firstFound(tools: readonly Tool[], path: string): Promise<Tool | null> {
  for (const tool of tools) if (await isFound(tool.command, path)) return tool;
  return null;
}

async function touchesAny(names: readonly string[], { changed }: ToolRun): Promise<boolean> {
  return (await changed()).files.some((file) => names.includes(file));
}

/** Null: none of its files has changed. */
async function callOf({ command, args, onFiles }: Tool, run: ToolRun): Promise<readonly string[] | null> {
  if (!run.changedOnly || onFiles === undefined) return [command, ...args];
  const endings = onFiles.extensions.map((one) => `.${one}`);
  const names = (await run.changed()).files.filter((name) => endings.some((end) => name.endsWith(end)));
  if (names.length === 0) return null;
  const tooMany = Buffer.byteLength(names.join(' ')) > nameBytesMax;
  return tooMany ? [command, ...args] : [...onFiles.args, ...names.map(asPath)];
}

function start(
  command: string,
  args: readonly string[],
  { root, signal }: ToolRun,
  env: NodeJS.ProcessEnv,
  timeoutMs: number,
  bytesMax: number,
) {
  return supervise({ command, args, cwd: root, env, timeoutMs, graceMs, signal, outputBytesMax: bytesMax }).ended;
}
