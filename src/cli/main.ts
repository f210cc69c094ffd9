/** The entry of the command line. It loads next to nothing itself: `--version` and a hook's look must start fast. */
import { join } from 'node:path';
import type { runCommandLine } from './frame/run.ts';
import { version } from './frame/version.ts';
import { loadBundle } from './load-bundle.ts';

/** Where the build put the rest, below this file's folder. */
declare const COORD_BUNDLE: string;
/** Smaller ones, by the commands that they have. */
declare const COORD_BUNDLES: Readonly<Record<string, string>>;

const argv = process.argv.slice(2);
if (argv.length === 1 && argv[0] === '--version') process.stdout.write(`git-coord ${version}\n`);
else {
  const { env } = process;
  const [name = ''] = argv;
  const bundle = Object.hasOwn(COORD_BUNDLES, name) ? COORD_BUNDLES[name] : undefined;
  // each hook calls other functions
  const command = name === 'hook' ? argv.slice(0, 2).join('-') : name;
  const commandLine = loadBundle(join(__dirname, bundle ?? COORD_BUNDLE), env, command) as {
    runCommandLine: typeof runCommandLine;
  };
  const crashed = new Promise<never>((_, reject) => {
    process.once('uncaughtException', reject);
  });
  const world = {
    argv,
    env,
    cwd: () => process.cwd(),
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      return process.stderr;
    },
    crashed,
  };
  // all output has been taken: what may still be open is a connection or a child that nobody waits for
  commandLine.runCommandLine(world).then((status) => process.exit(status));
}
