// npm start: on a fresh machine installs, builds and shows git coord at work. Arguments go to `git coord demo`.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root, setUp } from './setup.mjs';

setUp();
const args = [join(root, 'bin/git-coord.js'), 'demo', ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
process.exit(status ?? 1);
