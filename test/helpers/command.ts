/** A command of the command line run in this process, through the real frame: arguments to JSON document and status. */
import { PassThrough } from 'node:stream';
import { runCommandLine } from '../../src/cli/frame/run.ts';

export interface CommandAnswer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests look at
  readonly data: any;
  readonly error: { code: string; message: string; hint?: string; next: string[] } | undefined;
}

/** With `--json` among the arguments the document is parsed. */
export async function command(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<CommandAnswer> {
  const [stdout, stderr] = [capture(), capture()];
  const status = await runCommandLine({
    argv: args,
    env: { ...process.env, ...options.env },
    cwd: () => options.cwd,
    stdout: stdout.stream,
    stderr: stderr.stream,
    crashed: new Promise<never>(() => {}),
  });
  const document = args.includes('--json') ? JSON.parse(stdout.text()) : {};
  return { status, stdout: stdout.text(), stderr: stderr.text(), data: document.data, error: document.error };
}

function capture() {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    stream: stream as unknown as NodeJS.WriteStream,
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}
