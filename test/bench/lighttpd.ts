/** `git http-backend` behind lighttpd, so that the bridge of the tests isn't what is measured; where it is missing, the bridge. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { startHttpBackend } from '../helpers/http-backend.ts';
import { waitFor } from '../helpers/wait-for.ts';

const program = '/usr/sbin/lighttpd';

/** Serves the repositories in a folder. */
export async function startHttpServer(root: string, env: NodeJS.ProcessEnv) {
  const lighttpd = await startLighttpd(root, env);
  if (lighttpd !== null) return lighttpd;
  console.log('lighttpd is not installed: HTTP is served by the bridge of the tests, which costs as much again');
  return startHttpBackend({ root, env });
}

async function startLighttpd(root: string, env: NodeJS.ProcessEnv) {
  if (!existsSync(program)) return null;
  const port = await freePort();
  const backend = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  // the protocol's version comes with each request, in a header
  const gate = join(root, 'gate');
  writeFileSync(gate, `#!/bin/sh\nGIT_PROTOCOL=$HTTP_GIT_PROTOCOL exec '${backend}'\n`, { mode: 0o755 });
  const config = join(root, 'lighttpd.conf');
  writeFileSync(
    config,
    `server.modules = ("mod_alias", "mod_cgi", "mod_setenv")
server.document-root = "${root}"
server.port = ${port}
server.bind = "127.0.0.1"
server.stream-request-body = 1
alias.url = ("/git" => "${gate}")
$HTTP["url"] =~ "^/git" {
  cgi.assign = ("" => "")
  setenv.set-environment = ("GIT_PROJECT_ROOT" => "${root}", "GIT_HTTP_EXPORT_ALL" => "1", "REMOTE_USER" => "bench")
}
`,
  );
  const child: ChildProcess = spawn(program, ['-D', '-f', config], { env, stdio: 'ignore' });
  const url = (name: string) => `http://127.0.0.1:${port}/git/${name}`;
  await waitFor(
    () =>
      fetch(url('')).then(
        () => true,
        () => false,
      ),
    { what: 'lighttpd' },
  );
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
