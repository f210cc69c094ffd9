import { openApp } from '../app/open-app.ts';
import { bookSettings, readSetup, type Setup } from '../app/setup.ts';
import { checkGitVersion, gitVersionRequired, readClone } from '../config/clone.ts';
import { whoAmI } from '../config/who.ts';
import { bad, checked, type Finding, good } from '../coordinator/diagnose.ts';
import { checkLocks } from '../coordinator/diagnose-clone.ts';
import { checkDisk } from '../coordinator/diagnose-disk.ts';
import { CoordError } from '../errors.ts';
import { embeddedFindings, remoteFindings, withoutBook } from './doctor-book.ts';
import { claimFindings, daemonFindings } from './doctor-claims.ts';
import { checkConfig, configProblem } from './doctor-config.ts';
import { checkHooks } from './doctor-hooks.ts';
import { writeReport } from './doctor-report.ts';
import { type Diagnosis, doctorAnswer, type Fixed } from './doctor-text.ts';
import type { Context } from './frame/context.ts';
import { usageError } from './frame/parse.ts';
import type { Run } from './frame/spec.ts';
import { hostReport, unknownHost } from './init-host.ts';

const usage = 'git coord doctor [--fix] [--report [<file>]]';

/** Looks at everything that the protocol needs, none of which depends on a clock (docs/cli.md, `doctor`). */
export const run: Run = async (context, parsed) => {
  const [file] = parsed.positionals;
  const wantsReport = parsed.flag('report');
  if (file !== undefined && !wantsReport) throw usageError('a file is written with --report alone', usage);
  let diagnosis = await diagnose(context);
  const fixed = parsed.flag('fix') ? await repair(context, diagnosis) : [];
  if (fixed.length > 0) diagnosis = await diagnose(context);
  return doctorAnswer(context, diagnosis, fixed, wantsReport ? await writeReport(context, diagnosis, file) : null);
};

/** What is safe to do without asking; what fails is said, and is found again. */
async function repair(context: Context, { findings }: Diagnosis): Promise<Fixed[]> {
  const fixed: Fixed[] = [];
  for (const { id, fix, repair: act } of findings) {
    if (act === undefined) continue;
    try {
      await act();
      fixed.push({ id, command: fix ?? '' });
    } catch (error) {
      if (!(error instanceof CoordError)) throw error;
      context.warn(`${id}: ${error.message}`);
    }
  }
  return fixed;
}

async function diagnose(context: Context): Promise<Diagnosis> {
  const request = { cwd: context.cwd, env: context.env as NodeJS.ProcessEnv };
  const git = await checked('git', async () => {
    const version = await checkGitVersion(request);
    return good('git', `${version} (${gitVersionRequired} or newer is needed)`);
  });
  const clone = await readClone(request);
  let setup: Setup;
  try {
    setup = await readSetup({ ...request, clone });
  } catch (error) {
    if (!(error instanceof CoordError) || error.code !== 'config') throw error;
    return { findings: [git, configProblem(error)], host: unknownHost, clone, setup: null };
  }
  const identity = await checkIdentity(context, setup);
  const findings = [git, identity, checkConfig(setup), await checkDisk(clone)];
  const book = bookSettings(setup);
  if (book === null) return { findings: [...findings, ...(await withoutBook(setup))], host: unknownHost, clone, setup };
  const { remote } = book;
  const found = await (remote === null
    ? embeddedFindings(setup, book).then((all) => ({ findings: all, host: hostReport(null, null) }))
    : remoteFindings(setup, { ...book, remote })
  ).catch((error: unknown) => ({ findings: [brokenOff('book', error)], host: unknownHost }));
  findings.push(...found.findings, await checkLocks(clone, book.prefix), await checkHooks(setup));
  if (findings.every(({ id, ok, code }) => ok || code === null || (id !== 'identity' && id !== 'config')))
    findings.push(...(await appFindings(context, findings).catch((error) => [brokenOff('claims', error)])));
  return { findings, host: found.host, clone, setup };
}

/** Checks that something ended which is no defect: the others are shown all the same. */
function brokenOff(id: string, error: unknown): Finding {
  if (!(error instanceof CoordError)) throw error;
  return bad(id, error.message, error.next[0] ?? error.hint ?? null, error.code);
}

/** What the book shows of claims, where it can be read, and who keeps ours alive. */
async function appFindings(context: Context, findings: readonly Finding[]): Promise<Finding[]> {
  const { cwd, env, agent } = context;
  // what is odd in the configuration is among the findings already
  const warn = findings.every(({ id, ok }) => ok || id !== 'config') ? context.warn : () => {};
  const open = () => openApp({ cwd, env: env as NodeJS.ProcessEnv, agentFlag: agent, warn });
  const app = await open();
  try {
    const isThere = findings.every(({ id, ok }) => ok || (id !== 'remote' && id !== 'book'));
    return [...(isThere ? await claimFindings(app, open) : []), ...(await daemonFindings(app))];
  } finally {
    await app.close();
  }
}

/** Names that somebody gave, and how to take each back. */
const namings = [
  { says: '($COORD_AGENT)', fix: 'unset COORD_AGENT' },
  { says: '(git config coord.agent)', fix: 'git config --unset-all coord.agent' },
  { says: 'is no session id', fix: 'unset COORD_SESSION' },
];

function checkIdentity(context: Context, setup: Setup): Promise<Finding> {
  return checked('identity', async () => {
    const request = { ...setup, agentFlag: context.agent, pid: process.pid, random: Math.random };
    const who = await whoAmI(request).catch((error: unknown) => {
      const naming = namings.find(({ says }) => error instanceof CoordError && error.message.includes(says));
      if (!(error instanceof CoordError) || naming === undefined) throw error;
      throw new CoordError(error.code, error.message, { hint: error.hint, next: [naming.fix] });
    });
    const { agent, agentFrom, session, sessionFrom } = who;
    return good('identity', `agent ${agent} (from ${agentFrom}), session ${session} (from ${sessionFrom})`);
  });
}
