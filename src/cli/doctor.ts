import { join } from 'node:path';
import { checkStore, probeBook } from '../app/profile.ts';
import { type BookSettings, bookSettings, openTransport, readSetup, type Setup } from '../app/setup.ts';
import { placeOf } from '../config/boot.ts';
import { checkGitVersion, gitVersionRequired } from '../config/clone.ts';
import { hostOf } from '../config/hosts.ts';
import { whoAmI } from '../config/who.ts';
import { bad, type Check, checked, checkHistory, checkNotes, type Finding, good } from '../coordinator/diagnose.ts';
import { checkEvents, checkLocks, checkRefspecs } from '../coordinator/diagnose-clone.ts';
import { readFormat } from '../coordinator/init-book.ts';
import { peekRemote, withoutPassword } from '../coordinator/init-book-peek.ts';
import { kindOf } from '../coordinator/record-kinds.ts';
import { seeDaemon } from '../daemon-link/control-daemon.ts';
import { CoordError } from '../errors.ts';
import { fileFolder } from '../store/folder.ts';
import { ownFolder } from '../store/own-folder.ts';
import { recordStore } from '../store/record-store.ts';
import { refLayout } from '../store/ref-layout.ts';
import { probeFindings } from './doctor-probe.ts';
import type { Answer, Context } from './frame/context.ts';
import type { Run } from './frame/spec.ts';
import { type Column, table } from './frame/table.ts';
import { type HostReport, hostReport } from './init-host.ts';

const unknownHost: HostReport = {
  compareAndSwap: null,
  customRefs: null,
  atomic: null,
  deletes: null,
  nonFastForward: null,
  protocolV2: null,
  maxPushesPerMinute: null,
};

/** Looks at everything that the protocol needs, none of which depends on a clock (docs/cli.md, `doctor`). */
export const run: Run = async (context) => {
  const request = { cwd: context.cwd, env: context.env as NodeJS.ProcessEnv };
  const setup = await readSetup(request);
  for (const warning of setup.loaded.warnings) context.warn(warning);
  const findings = [
    await checked('git', async () => {
      const version = await checkGitVersion(request);
      return good('git', `${version} (${gitVersionRequired} or newer is needed)`);
    }),
    await checked('identity', async () => identityFinding(context, setup)),
  ];
  const book = bookSettings(setup);
  let host = unknownHost;
  if (book === null) findings.push(...(await withoutBook(setup)));
  else if (book.remote === null) {
    host = hostReport(null, null);
    findings.push(...(await bookFindings(setup, book)), await checkLocks(setup.clone, book.prefix));
  } else {
    const remote = await remoteFindings(setup, { ...book, remote: book.remote });
    host = remote.host;
    findings.push(...remote.findings, await checkLocks(setup.clone, book.prefix));
  }
  if (book !== null) findings.push(...(await daemonFindings(setup)));
  return answerOf(context, findings, host);
};

async function identityFinding(context: Context, setup: Setup): Promise<Finding> {
  const who = await whoAmI({ ...setup, agentFlag: context.agent, pid: process.pid, random: Math.random });
  return good(
    'identity',
    `agent ${who.agent} (from ${who.agentFrom}), session ${who.session} (from ${who.sessionFrom})`,
  );
}

/** Nothing is tried on a remote that nobody has chosen: only whether it answers. */
async function withoutBook(setup: Setup): Promise<Finding[]> {
  const { clone, env, config } = setup;
  const { remote, prefix } = config.coordination;
  const missing = bad('book', 'there is no book in this clone yet', 'git coord init', 'not-found');
  if (!clone.gitConfig.has(`remote.${remote}.url`)) return [missing];
  const reached = await checked('remote', async () => {
    const isThere = await peekRemote({ top: clone.topLevel ?? clone.commonDir, env }, remote, `${prefix}coord/format`);
    return good('remote', `${remote} answers${isThere ? ' and has a book' : ''}`);
  });
  return [missing, reached];
}

async function remoteFindings(setup: Setup, book: BookSettings & { remote: string }) {
  const { clone, env } = setup;
  const shown = withoutPassword(book.remote);
  const place = { top: clone.topLevel ?? clone.commonDir, env };
  const format = refLayout(book.prefix).format;
  const reached = await checked('remote', async () => {
    await peekRemote(place, book.remote, format);
    return good('remote', `${shown} answers`);
  });
  const refspecs = checkRefspecs(clone, book.remote, book.prefix);
  if (!reached.ok) return { findings: [{ ...reached, fix: `git ls-remote ${shown}` }, refspecs], host: unknownHost };
  const address = hostOf(clone.gitConfig.get(`remote.${book.remote}.url`)?.at(-1) ?? book.remote);
  // first, for a broken one spoils every push
  const store = await checked('store', async () => {
    const state = await checkStore(setup);
    return good('store', state === 'sound' ? 'sound' : 'was broken; made anew from the remote');
  });
  const { findings, found } = await probed(setup, book);
  const notes = await bookFindings(setup, book);
  const host = found === null ? unknownHost : hostReport(found, address);
  return { findings: [reached, store, ...findings, ...notes, refspecs], host };
}

async function probed(setup: Setup, book: BookSettings & { remote: string }) {
  try {
    const found = await probeBook(setup, book.remote, book.prefix);
    return { found, findings: probeFindings(book, found) };
  } catch (error) {
    if (!(error instanceof CoordError)) throw error;
    return { found: null, findings: [bad('probe', error.message, 'git coord doctor', error.code)] };
  }
}

/** The book itself: that it is the one which this clone joined, and that its notes can be read. */
async function bookFindings(setup: Setup, book: BookSettings): Promise<Finding[]> {
  const place = book.remote === null ? 'this clone' : withoutPassword(book.remote);
  const transport = await openTransport(setup, book);
  try {
    const store = recordStore(transport, refLayout(book.prefix), kindOf);
    const identity = await checked('book', async () => {
      const found = await readFormat(store, place);
      if (found === book.book) return good('book', `${book.mode}, ${book.prefix}, ${found}`);
      const what = found === null ? 'holds no book any more' : 'holds another book than the one this clone joined';
      const fix = found === null && book.remote !== null ? 'git coord restore' : 'git coord init';
      return bad('book', `${place} ${what}`, fix, 'unavailable');
    });
    const notes = await checked('notes', () => checkNotes(store));
    if (book.remote === null) return [identity, notes];
    return [identity, notes, await checked('history', () => checkHistory(store))];
  } finally {
    await transport.close();
  }
}

async function daemonFindings({ clone }: Setup): Promise<Finding[]> {
  const sight = await seeDaemon(clone.coordDir);
  const path = join(clone.coordDir, 'outbox');
  const outbox = ownFolder(fileFolder(path), placeOf(clone.commonDir));
  return [daemonFinding(sight), checkEvents(outbox, path, sight.kind === 'running')];
}

function daemonFinding(sight: Awaited<ReturnType<typeof seeDaemon>>): Finding {
  if (sight.kind === 'absent') return good('daemon', 'not running; a claim starts it');
  if (sight.kind === 'running')
    return good('daemon', `running (pid ${sight.status.pid}), ${sight.status.claims} claims kept alive`);
  return bad('daemon', `process ${sight.file.pid} does not answer`, 'git coord daemon stop', 'unavailable');
}

function answerOf(context: Context, findings: readonly Finding[], host: HostReport): Answer {
  const checks: Check[] = findings.map(({ id, ok, detail, fix }) => ({ id, ok, detail, fix }));
  const answer = { data: { checks, host }, text: checkTable(context, checks) };
  const first = findings.find(({ ok, code }) => !ok && code !== null);
  if (first === undefined || first.code === null) return answer;
  const failure = new CoordError(first.code, `${first.id}: ${first.detail}`, {
    next: first.fix?.startsWith('git ') ? [first.fix] : [],
    ...(first.fix !== null && !first.fix.startsWith('git ') && { hint: first.fix }),
  });
  return { ...answer, failure };
}

function checkTable({ style, terminal }: Context, checks: readonly Check[]): string {
  const mark = (text: string) => (text === '✓' ? style.green(text) : style.red(text));
  const columns: Column[] = [{ title: '', paint: mark }, { title: '' }, { title: '', flexible: true }];
  // what has to be typed is never cut
  const rows = table(
    columns,
    checks.map(({ id, ok, detail }) => [ok ? '✓' : '✗', id, detail]),
    { columns: terminal.columns },
  );
  const fixes = checks.filter(({ ok, fix }) => !ok && fix !== null);
  if (fixes.length === 0) return rows;
  return `${rows}\nto do\n${fixes.map(({ id, fix }) => `  ${id}: ${fix}\n`).join('')}`;
}
