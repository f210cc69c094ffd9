/** A real OpenSSH server on loopback, with keys made for the test. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { makeScratch } from './repo.ts';
import { waitFor } from './wait-for.ts';

const run = promisify(execFile);

export interface Sshd {
  readonly port: number;
  /** `ssh://user@127.0.0.1:port/absolute/path` */
  url(path: string): string;
  /** The value of GIT_SSH_COMMAND (or core.sshCommand) for a client that this server lets in. */
  readonly sshCommand: string;
  stop(): Promise<void>;
}

/** Where sshd is, or why there is none: `{ skip }`. */
export function findSshd(): { readonly path: string } | { readonly skip: string } {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const path = folders.map((folder) => join(folder, 'sshd')).find((candidate) => existsSync(candidate));
  if (path === undefined) return { skip: 'sshd (openssh-server) is not installed' };
  if (!folders.some((folder) => existsSync(join(folder, 'ssh')))) return { skip: 'ssh is not installed' };
  return { path };
}

/** @throws Error when sshd is missing (see `findSshd`) or doesn't listen within 10 s */
export async function startSshd(): Promise<Sshd> {
  const found = findSshd();
  if ('skip' in found) throw new Error(found.skip);
  // sshd started by root wants this folder, which a fresh container lacks
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const scratch = await makeScratch();
  const [hostKey, userKey] = [join(scratch.dir, 'host'), join(scratch.dir, 'user')];
  for (const key of [hostKey, userKey]) {
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    await chmod(key, 0o600);
  }
  const port = await freePort();
  const child = spawn(found.path, sshdArguments(port, hostKey, userKey), { stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString('utf8')).slice(-4096);
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await waitFor(() => listens(port), { what: `sshd on port ${port}: ${words}` });
  const shared = `${scratch.dir}/shared`;
  const master = await shareConnection(port, userKey, shared);
  return {
    port,
    url: (path) => `ssh://${userInfo().username}@127.0.0.1:${port}${path}`,
    sshCommand: `ssh -S ${shared} ${clientOptions(userKey)}`,
    stop: async () => {
      master.kill('SIGKILL');
      child.kill('SIGKILL');
      await exited;
      await scratch.remove();
    },
  };
}

/** Most of what a command by ssh costs is its connection: here one is made for all of them, as ControlMaster does. */
async function shareConnection(port: number, userKey: string, socket: string): Promise<ChildProcess> {
  const options = clientOptions(userKey).split(' ');
  const target = `${userInfo().username}@127.0.0.1`;
  // git tells by this variable which protocol it speaks; it must be let through here, too
  const master = spawn(
    'ssh',
    ['-M', '-N', '-o', 'SendEnv=GIT_PROTOCOL', '-S', socket, ...options, '-p', String(port), target],
    { stdio: 'ignore' },
  );
  await waitFor(() => existsSync(socket), { what: 'the shared connection is up' });
  return master;
}

function sshdArguments(port: number, hostKey: string, userKey: string): string[] {
  const settings = [
    'ListenAddress=127.0.0.1',
    'PidFile=none',
    `AuthorizedKeysFile=${userKey}.pub`,
    'StrictModes=no',
    'UsePAM=no',
    'PermitRootLogin=yes',
    'AcceptEnv=GIT_PROTOCOL',
    'MaxStartups=100',
    'MaxSessions=100',
  ];
  const options = settings.flatMap((setting) => ['-o', setting]);
  return ['-D', '-e', '-f', '/dev/null', '-p', String(port), '-h', hostKey, ...options];
}

function clientOptions(userKey: string): string {
  const settings = [
    'IdentitiesOnly=yes',
    'BatchMode=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
  ];
  return ['-F', '/dev/null', '-i', userKey, ...settings.flatMap((setting) => ['-o', setting])].join(' ');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
