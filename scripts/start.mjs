// npm start: on a fresh machine installs, builds and shows git coord at work. Arguments go to `git coord demo`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, setUp } from './setup.mjs';

setUp();
const args = [join(root, 'bin/git-coord.cjs'), 'demo', ...process.argv.slice(2)];
const demo = spawn(process.execPath, args, { stdio: 'inherit' });
// it cleans up after itself, and is waited for
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => demo.kill(signal));
demo.on('close', (status) => process.exit(status ?? 1));
