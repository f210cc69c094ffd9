// Every test file runs with a home, a git configuration and an identity of its own, so that nothing of the machine leaks in.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

const home = mkdtempSync(join(tmpdir(), 'coord-home-'));
const config = join(home, 'gitconfig');
writeFileSync(
  config,
  '[user]\n\tname = Test\n\temail = test@example.invalid\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n[protocol "file"]\n\tallow = always\n',
);

for (const name of Object.keys(process.env)) {
  if (/^(GIT_|COORD_(?!TEST_)|CLAUDE_|XDG_|NODE_EXTRA_CA_CERTS|FORCE_COLOR|NO_COLOR)/.test(name))
    delete process.env[name];
}
process.env.HOME = home;
process.env.GIT_CONFIG_GLOBAL = config;
process.env.GIT_CONFIG_NOSYSTEM = '1';
process.env.XDG_CACHE_HOME = process.env.COORD_TEST_CACHE;
process.env.LC_ALL = 'C';

afterAll(() => rmSync(home, { recursive: true, force: true }));
