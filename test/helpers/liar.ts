/** A server that isn't honest: a program between the client and git's own receive-pack that spoils what it is told. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from './repo.ts';

/**
 * Makes the clone's `origin` (a path, sha1) such a server. `stale`: it takes any old value for the present one. `half`: it
 * applies what it can of an atomic push. `nothing`: it says ok to everything and does nothing.
 */
export async function putLiar(clone: string, how: 'stale' | 'half' | 'nothing'): Promise<void> {
  const path = join(clone, '.git', 'liar.mjs');
  await writeFile(path, liar);
  await git(['config', 'remote.origin.receivepack', `${process.execPath} ${path} ${how}`], { cwd: clone });
}

const liar = `
import { spawn, spawnSync } from 'node:child_process';
const [how, dir] = process.argv.slice(2);
const real = spawn('git', ['receive-pack', dir], { stdio: ['pipe', 'pipe', 'inherit'] });
let seen = Buffer.alloc(0), done = false;
const current = (ref) => {
  const { stdout } = spawnSync('git', ['-C', dir, 'rev-parse', '--verify', '--quiet', ref], { encoding: 'utf8' });
  return stdout.trim() || '0'.repeat(40);
};
const spoil = (command) => {
  if (how === 'half') return command.replace(' atomic', ' xtomic');
  const ref = refOf(command);
  return current(ref) + command.slice(40);
};
const refOf = (command) => command.slice(82).split('\\0')[0].trim();
const pkt = (text) => (text.length + 4).toString(16).padStart(4, '0') + text;
process.stdin.on('data', (chunk) => {
  if (done) return void real.stdin.write(chunk);
  seen = Buffer.concat([seen, chunk]);
  const commands = [];
  let at = 0;
  while (at + 4 <= seen.length) {
    const length = parseInt(seen.subarray(at, at + 4).toString(), 16);
    if (length !== 0) { commands.push(seen.subarray(at + 4, at + length).toString('latin1')); at += length; continue; }
    done = true;
    if (how === 'nothing' && at > 0) {
      const report = pkt('unpack ok\\n') + commands.map((each) => pkt('ok ' + refOf(each) + '\\n')).join('') + '0000';
      process.stdout.write(pkt('\\x01' + report) + '0000');
      real.kill();
      process.stdin.on('end', () => process.exit(0));
      return;
    }
    real.stdin.write(Buffer.from(commands.map((each) => pkt(spoil(each))).join('') + '0000', 'latin1'));
    real.stdin.write(seen.subarray(at + 4));
    return;
  }
});
process.stdin.on('end', () => real.stdin.end());
real.stdin.on('error', () => {});
real.stdout.pipe(process.stdout);
real.on('exit', (code) => { if (how !== 'nothing') process.exitCode = code ?? 1; });
`;
