// What the hooks cost: `benchHooks()` answers medians in milliseconds, all measured in one run, the commands in turn.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = join(dirname(fileURLToPath(import.meta.url)), '../../bin/git-coord.cjs');

/**
 * @param {{ rounds?: number, program?: string }} [options]
 * @returns {Record<'emptyHook' | 'preCommit' | 'commitMsg' | 'node' | 'version' | 'hookByNode' | 'guard' | 'guardRefuses', number>} medians, ms
 */
export function benchHooks({ rounds = 31, program: entry = program } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'coord-bench-'));
  try {
    const commands = prepare(dir, entry);
    const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
    for (let round = 0; round <= rounds; round++)
      for (const [name, run] of Object.entries(commands)) {
        const start = performance.now();
        run();
        if (round > 0) times[name].push(performance.now() - start);
      }
    return Object.fromEntries(Object.entries(times).map(([name, each]) => [name, median(each)]));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function prepare(dir, entry) {
  const base = { ...process.env, COORD_DAEMON: 'off' };
  // the last one makes every start of Node slower, and so all ratios smaller
  const foreign = ['COORD_AGENT', 'COORD_SESSION', 'CLAUDE_CODE_SESSION_ID', 'CODEX_THREAD_ID', 'NODE_EXTRA_CA_CERTS'];
  for (const name of foreign) delete base[name];
  const must = (command, args, env = base, input = '') => {
    const { status, stderr } = spawnSync(command, args, { cwd: dir, env, input, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  };
  must('git', ['init', '--quiet']);
  must('git', ['symbolic-ref', 'HEAD', 'refs/heads/task/x']);
  must(process.execPath, [entry, 'hooks', 'install']);
  const empty = join(dir, 'empty-hook');
  writeFileSync(empty, '#!/bin/sh\nexit 0\n');
  chmodSync(empty, 0o755);
  const message = join(dir, 'message');
  // the first call makes the worktree's identity; it is refused, since there is no book
  spawnSync(process.execPath, [entry, 'hook', 'pre-commit'], { cwd: dir, env: base });
  hold(dir);
  must('git', ['config', 'coord.book', 'x']);
  must('git', ['config', 'coord.mode', 'local']);
  const edit = JSON.stringify({ cwd: dir, tool_name: 'Edit', tool_input: { file_path: join(dir, 'file') } });
  const guard = [entry, 'hook', 'claude-before-tool'];
  const hook = (name) => join('.git/hooks', name);
  return {
    emptyHook: () => must(empty, []),
    preCommit: () => must(hook('pre-commit'), []),
    commitMsg: () => {
      writeFileSync(message, 'Do the work\n\nAt length.\n');
      must(hook('commit-msg'), [message], { ...base, GIT_EDITOR: ':' });
    },
    node: () => must(process.execPath, ['-e', '0']),
    version: () => must(process.execPath, [entry, '--version']),
    hookByNode: () => must(process.execPath, [entry, 'hook', 'pre-commit']),
    guard: () => must(process.execPath, guard, base, edit),
    guardRefuses: () => must(process.execPath, guard, { ...base, COORD_SESSION: 's-other' }, edit),
  };
}

/** A fresh claim on task x in the ledger, by this worktree's own agent and session. */
function hold(dir) {
  const identity = Object.fromEntries(
    readFileSync(join(dir, '.git/coord-identity'), 'utf8')
      .split('\n')
      .map((line) => line.split('=')),
  );
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const until = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) + 3600;
  const held = join(dir, '.git/coord/held');
  mkdirSync(held, { recursive: true });
  const { agent, session, machine, inode } = identity;
  const place = `${machine}:${inode}`;
  const state = JSON.stringify({ claim: { text: 'x'.repeat(600) } });
  const fields = {
    task: 'x',
    term: 1,
    tenure: 'n',
    agent,
    session,
    ttlMs: 20_000,
    boot,
    until: until.toFixed(2),
    state,
    place,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(held, 'x'), lines.join(''));
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
