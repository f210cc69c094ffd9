/** The environment of what is measured: a home of its own, nothing of the caller's agents, and no slower start of Node. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export function benchEnvironment(folder: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(GIT_|COORD_|CLAUDE|CODEX|NODE_EXTRA_CA_CERTS)/.test(name),
  );
  const home = join(folder, 'home');
  mkdirSync(home);
  const person = {
    GIT_AUTHOR_NAME: 'Bench',
    GIT_AUTHOR_EMAIL: 'b@example.invalid',
    GIT_COMMITTER_NAME: 'Bench',
    GIT_COMMITTER_EMAIL: 'b@example.invalid',
  };
  return {
    ...Object.fromEntries(kept),
    ...person,
    HOME: home,
    GIT_CONFIG_GLOBAL: join(home, 'gitconfig'),
    GIT_CONFIG_NOSYSTEM: '1',
  };
}
