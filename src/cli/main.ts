/** The entry of the command line. It loads next to nothing itself: `--version` and a hook's look must start fast. */
import { version } from './frame/version.ts';

const argv = process.argv.slice(2);
if (argv.length === 1 && argv[0] === '--version') process.stdout.write(`git-coord ${version}\n`);
else {
  const { runCommandLine } = await import('./frame/run.ts');
  const { env, stdout, stderr } = process;
  const crashed = new Promise<never>((_, reject) => {
    process.once('uncaughtException', reject);
  });
  const status = await runCommandLine({ argv, env, cwd: () => process.cwd(), stdout, stderr, crashed });
  // all output has been taken: what may still be open is a connection or a child that nobody waits for
  process.exit(status);
}
