import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { withInitLock } from '../app/profile.ts';
import { type BookSettings, bookSettings, openTransport, readSetup, type Setup } from '../app/setup.ts';
import { hostOf } from '../config/hosts.ts';
import { whoAmI } from '../config/who.ts';
import { type InitialBook, initBook, readFormat } from '../coordinator/init-book.ts';
import { type ChosenBook, chooseBook } from '../coordinator/init-book-choice.ts';
import { writeBookConfig } from '../coordinator/init-book-config.ts';
import { deleteRefs, forgetBook } from '../coordinator/init-book-leave.ts';
import { peekClone, peekRemote, withoutPassword } from '../coordinator/init-book-peek.ts';
import { kindOf } from '../coordinator/record-kinds.ts';
import { stopDaemon } from '../daemon-link/control-daemon.ts';
import { CoordError } from '../errors.ts';
import { type RecordStore, recordStore } from '../store/record-store.ts';
import { refLayout } from '../store/ref-layout.ts';
import type { Context } from './frame/context.ts';
import { usageError } from './frame/parse.ts';
import type { Parsed } from './frame/parsed.ts';
import type { Run } from './frame/spec.ts';
import { joinAgents } from './init-agent.ts';
import { wantsConfig, writeConfig } from './init-config.ts';
import { type HostReport, hostReport, trustedHost } from './init-host.ts';
import { lookHere } from './init-look.ts';
import { finishMove, openMove, refuseOrPush } from './init-move.ts';
import { planned } from './init-plan.ts';
import { type BookReport, type InitChanges, type InitReport, initText, nextCommands } from './init-text.ts';

const usage = 'git coord init [--remote <name|url> [--move] | --local] [options]';

/**
 * Makes the book or joins it (docs/cli.md). The remote is asked before anything is written; git config, which makes the
 * clone use the book, is written last, so that a command that was cut off is continued by the same command.
 */
export const run: Run = async (context, parsed) => {
  checkFlags(parsed);
  const request = { cwd: context.cwd, env: context.env as NodeJS.ProcessEnv };
  const before = await readSetup(request);
  for (const notice of before.loaded.notices) context.notice(notice);
  const chosen = choose(context, parsed, before);
  const [isThere, checklist] = await Promise.all([peek(before, chosen), lookHere(before)]);
  const isFirst = bookSettings(before) === null;
  const config = wantsConfig(parsed, checklist, isFirst && !isThere);
  if (parsed.flag('dry-run'))
    return planned(before, { chosen, isThere, moves: parsed.flag('move'), config, checklist });
  // read again: another init of this clone may have been first
  const made = await withInitLock(before, async () => perform(context, parsed, await readSetup(request), chosen));
  const { registered, agents } = await joinAgents(context, made.wasThere);
  // of several who begin at once, one has made the book
  const writes = config && wantsConfig(parsed, checklist, isFirst && !made.wasThere);
  const file = writes ? await writeConfig(before, chosen, checklist) : { path: checklist.configFile, written: false };
  const report: InitReport = {
    ...made.report,
    next: nextCommands(made.wasThere, checklist),
    registered,
    agents,
    config: file,
    checklist,
  };
  return { data: { ...report, moved: made.changes.moved }, text: initText(report, made.changes) };
};

function checkFlags(parsed: Parsed): void {
  const remote = parsed.text('remote');
  if (parsed.flag('local') && remote !== undefined) throw usageError('--local and --remote exclude each other', usage);
  if (parsed.flag('move') && remote === undefined) throw usageError('--move needs --remote <name|url>', usage);
  if (remote !== undefined && (remote === '' || remote.startsWith('-') || /[\s\x00-\x1f\x7f]/.test(remote)))
    throw usageError('--remote must be the name or address of a remote', usage);
}

function choose(context: Context, parsed: Parsed, { clone, loaded, config }: Setup): ChosenBook {
  const hasRemote = (name: string) => clone.gitConfig.has(`remote.${name}.url`);
  const isOwn = (key: string) => loaded.origins.get(`coordination.${key}`)?.layer === 'git';
  const { mode, remote, prefix } = config.coordination;
  const own = {
    ...(isOwn('mode') && { mode }),
    ...(isOwn('remote') && { remote }),
    ...(isOwn('prefix') && { prefix }),
  };
  const flag = parsed.text('remote');
  const folder = flag === undefined ? '' : resolve(context.cwd, flag);
  // git would look for it from the top of the clone
  const named = flag !== undefined && !hasRemote(flag) && !flag.includes(':') && existsSync(folder) ? folder : flag;
  return chooseBook({ flags: { remote: named, local: parsed.flag('local') }, own, file: loaded.fileBook, hasRemote });
}

function peek({ clone, env }: Setup, { remote, prefix }: ChosenBook): Promise<boolean> {
  const { format } = refLayout(prefix);
  if (remote === null) return peekClone(clone.commonDir, env, format);
  return peekRemote({ top: clone.topLevel ?? clone.commonDir, env }, remote, format);
}

interface Made {
  readonly report: BookReport;
  readonly changes: InitChanges;
  /** There were others, or could be, before this clone came. */
  readonly wasThere: boolean;
}

async function perform(context: Context, parsed: Parsed, setup: Setup, chosen: ChosenBook): Promise<Made> {
  const { clone, env } = setup;
  const current = bookSettings(setup);
  if (current?.mode === 'remote' && chosen.mode === 'local' && !parsed.flag('yes')) throw leavesTeam(current);
  const target: BookSettings = { ...chosen, book: '', host: addressOf(setup, chosen.remote) };
  const move = await openMove(setup, current, target);
  try {
    const host = await settleHost(setup, current, target, move !== null);
    if (move !== null) await refuseOrPush(move, parsed.flag('move'), host);
    const who = await whoAmI({ ...setup, agentFlag: context.agent, pid: process.pid, random: Math.random });
    if (current !== null && move === null && !parsed.flag('yes')) await mustKeepBook(setup, current, target);
    if (current !== null && move === null) await leaveIfGone(setup, current, target);
    const found = await joinOrMake(setup, target, who.agent);
    if (current !== null && (current.book !== found.book || move !== null)) await stopDaemon(clone.coordDir);
    const forgotten = current !== null && current.book !== found.book;
    if (forgotten) await forgetBook(clone.coordDir);
    await writeBookConfig(
      { commonDir: clone.commonDir, env },
      {
        'coord.mode': target.mode,
        ...(target.remote !== null && { 'coord.remote': target.remote }),
        'coord.prefix': target.prefix,
        'coord.book': found.book,
      },
    );
    const moved = move === null ? 0 : await finishMove(move);
    const report: BookReport = {
      mode: target.mode,
      remote: target.remote === null ? null : withoutPassword(target.remote),
      prefix: target.prefix,
      ...found,
      joined: found.joined && current?.book !== found.book,
      agent: who.agent,
      session: who.session,
      host,
    };
    const changes = { moved, left: forgotten, again: current?.book === found.book && moved === 0 };
    return { report, changes, wasThere: found.joined };
  } finally {
    await move?.close();
  }
}

/** All worktrees of the clone would go: what is claimed here afterwards is claimed from nobody else. */
function leavesTeam({ remote }: BookSettings): CoordError {
  const place = withoutPassword(remote ?? '');
  return new CoordError(
    'not-ready',
    `this clone uses the book on ${place}, and would leave it with all its worktrees`,
    {
      hint: 'In a local book nobody else sees what is claimed here, and tasks of the same id are others.',
      next: ['git coord status', 'git coord init --local --yes'],
    },
  );
}

/** What this clone has seen of the book would be thrown away: nothing else may have it any more. */
async function mustKeepBook(setup: Setup, current: BookSettings, target: BookSettings): Promise<void> {
  if (current.remote === null || current.remote !== target.remote || current.prefix !== target.prefix) return;
  const there = await withBookStore(setup, target, (store, place) => readFormat(store, place));
  if (there === current.book) return;
  const place = withoutPassword(current.remote);
  throw new CoordError(
    'not-ready',
    there === null
      ? `the book that this clone uses is gone from ${place}`
      : `${place} holds another book than this clone has used`,
    {
      hint: 'What this clone has seen of the former one would be deleted here. restore puts that back; if another book is in its place by mistake, its refs have to be deleted first.',
      next: ['git coord restore --dry-run', 'git coord init --yes'],
    },
  );
}

function addressOf({ clone }: Setup, remote: string | null): BookSettings['host'] {
  return remote === null ? null : hostOf(clone.gitConfig.get(`remote.${remote}.url`)?.at(-1) ?? remote);
}

/** What the remote allows: from an earlier probe of the book that this clone uses, else by trying. */
async function settleHost(
  setup: Setup,
  current: BookSettings | null,
  target: BookSettings,
  moves: boolean,
): Promise<HostReport> {
  if (target.remote === null) return hostReport(null, null);
  const isInUse = current?.remote === target.remote && current.prefix === target.prefix && !moves;
  return trustedHost(setup, { remote: target.remote, prefix: target.prefix, host: target.host }, isInUse);
}

/** A clone that goes back to its own refs finds the mirror of the remote's claims there, which are no claims of its own. */
async function leaveIfGone(setup: Setup, current: BookSettings, target: BookSettings): Promise<void> {
  if (current.mode !== 'remote' || target.mode !== 'local') return;
  await stopDaemon(setup.clone.coordDir);
  const clone = await openTransport(setup, target);
  try {
    await deleteRefs(clone, ['refs/claims/']);
  } finally {
    await clone.close();
  }
}

function joinOrMake(setup: Setup, target: BookSettings, agent: string): Promise<InitialBook> {
  return withBookStore(setup, target, (store, place) =>
    initBook({ store, place, book: randomUUID(), agent, at: new Date().toISOString() }),
  );
}

async function withBookStore<T>(
  setup: Setup,
  { remote, prefix, ...settings }: BookSettings,
  action: (store: RecordStore, place: string) => Promise<T>,
): Promise<T> {
  const transport = await openTransport(setup, { remote, prefix, ...settings });
  try {
    const place = remote === null ? 'this clone' : withoutPassword(remote);
    return await action(recordStore(transport, refLayout(prefix), kindOf), place);
  } finally {
    await transport.close();
  }
}
