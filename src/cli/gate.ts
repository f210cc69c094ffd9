import { constants } from 'node:fs';
import { access, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { landingRemote, readSetup, type Setup } from '../app/setup.ts';
import { CoordError } from '../errors.ts';
import type { CheckResult, GateReport } from '../worker/gates/checks.ts';
import { gateHere } from '../worker/gates/gate-here.ts';
import { junitXml } from '../worker/gates/junit.ts';
import { checkWords, failedOf, lastLines } from '../worker/gates/words.ts';
import type { Answer, Context } from './frame/context.ts';
import type { Run } from './frame/spec.ts';
import { table } from './frame/table.ts';
import { manyLines } from './frame/text.ts';
import { stopOnSignal } from './stop-on-signal.ts';

export const run: Run = async (context, parsed) => {
  const setup = await readSetup({ cwd: context.cwd, env: context.env as NodeJS.ProcessEnv });
  for (const words of setup.loaded.warnings) context.warn(words);
  const named = parsed.text('junit');
  const junit = named === undefined ? null : resolve(context.cwd, named);
  if (junit !== null) await mustBeWritable(junit);
  const report = await check(context, setup, parsed.flag('changed'));
  const unwritten = junit === null ? undefined : await write(junit, report);
  return answer(context, report, unwritten);
};

/** What was found is shown also where the file for it can't be written. */
const write = (path: string, report: GateReport): Promise<CoordError | undefined> =>
  writeFile(path, junitXml(report)).then(
    () => undefined,
    (error: Error) => notWritable(path, error),
  );

function check(context: Context, setup: Setup, changedOnly: boolean): Promise<GateReport> {
  const onCheck = (result: CheckResult): void => {
    if (result.status !== 'skipped') context.notice(checkWords(result));
  };
  return stopOnSignal((signal) => gateHere({ ...setup, remote: landingRemote(setup), changedOnly, signal, onCheck }));
}

function answer(context: Context, report: GateReport, unwritten: CoordError | undefined): Answer {
  const text = reportText(context, report);
  const failed = failedOf(report);
  if (unwritten !== undefined) return { data: report, text, failure: unwritten };
  if (failed.length === 0) return { data: report, text };
  const names = failed.map(({ name }) => name).join(', ');
  return { data: report, text, failure: new CoordError('gate-failed', `the gate said no: ${names}`) };
}

function reportText({ terminal, style }: Context, { checks }: GateReport): string {
  const paint = { passed: style.green, failed: style.red, skipped: style.yellow };
  const columns = [
    { title: 'CHECK' },
    { title: 'STATUS', paint: (text: string) => paint[text.trim() as CheckResult['status']]?.(text) ?? text },
    { title: 'TIME', align: 'right' as const },
    { title: 'WHY', flexible: true },
  ];
  const rows = checks.map(({ name, status, durationMs, reason }) => [
    name,
    status,
    `${(durationMs / 1000).toFixed(1)} s`,
    reason ?? '',
  ]);
  const shown = table(columns, rows, { columns: terminal.columns, header: style.dim });
  const tails = checks.filter(({ status, output }) => status === 'failed' && output.trim() !== '');
  return shown + tails.map(({ name, output }) => `\n${name}:\n${manyLines(lastLines(output))}\n`).join('');
}

/** Said before the checks have run for minutes. @throws CoordError `usage` */
async function mustBeWritable(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) throw notWritable(path, new Error('it is a folder'));
  const folder = await stat(dirname(path)).catch((error) => error as Error);
  if (folder instanceof Error) throw notWritable(path, folder);
  if (!folder.isDirectory()) throw notWritable(path, new Error(`${dirname(path)} is no folder`));
  await access(found === null ? dirname(path) : path, constants.W_OK).catch((error) => {
    throw notWritable(path, error);
  });
}

function notWritable(path: string, error: Error): CoordError {
  return new CoordError('usage', `the report can't be written to ${path}: ${error.message}`, {
    hint: 'Name a file in a folder that is there and may be written to.',
    cause: error,
  });
}
