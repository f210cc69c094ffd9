/**
 * Runs the checks of a project side by side, but for the build, which types and tests wait for. Commands of the configuration are
 * run by `sh`; tools that were detected by themselves.
 */
import type { Config } from '../../config/config.ts';
import { checkNames } from '../../config/settings.ts';
import { withoutRepository } from '../../transport/git-process.ts';
import type { CloneGit } from '../clone-git.ts';
import { type CheckName, type CheckResult, checkResult, type GateReport, isOff, type PartResult } from './checks.ts';
import { complexityPart } from './complexity-part.ts';
import { detect, detectTypes, noKnownType } from './detect.ts';
import { type Facts, readFacts } from './facts.ts';
import { runCommand, runTool, type ToolRun } from './run-part.ts';
import { changedScope, type Scope, wholeScope } from './scope.ts';
import { secretsPart } from './secrets-part.ts';
import type { Detected, ToolCheck } from './steps.ts';

export interface GatesRequest {
  /** In the worktree's root. */
  readonly git: CloneGit;
  readonly env: NodeJS.ProcessEnv;
  readonly quality: Config['quality'];
  /** Since which commit things count as changed. Asked for when a check needs it. */
  readonly base: () => Promise<string>;
  /** Limits checks to what has changed, where that is possible. */
  readonly changedOnly: boolean;
  /** What isn't committed plays no part. */
  readonly committedOnly: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Each check as it begins, and again with each command that it starts. */
  readonly onBegin?: ((name: CheckName, command: string | null) => void) | undefined;
  /** Each check as it ends. */
  readonly onCheck?: ((result: CheckResult) => void) | undefined;
}

/** The checks that aren't off. */
export const namesOn = (quality: Config['quality']): readonly CheckName[] =>
  checkNames.filter((name) => settingOf(quality, name) !== 'off');

/** Whether there is nothing to run at all. */
export const allOff = (quality: Config['quality']): boolean => namesOn(quality).length === 0;

/** @throws CoordError `not-found` when what has changed can't be told, `unavailable` */
export async function runChecks(request: GatesRequest): Promise<GateReport> {
  const facts = await readFacts(request.git.dir);
  const run = new Checks(request, facts);
  const build = run.check('build', undefined);
  const results = new Map(checkNames.map((name) => [name, name === 'build' ? build : run.check(name, build)]));
  // all of them end before one that broke is told of
  await Promise.allSettled(results.values());
  const checks = await Promise.all(results.values());
  return { ok: checks.every(({ status }) => status !== 'failed'), checks };
}

class Checks {
  readonly #request: GatesRequest;
  readonly #detected: readonly Detected[];
  #changed: Promise<Scope> | undefined;

  constructor(request: GatesRequest, facts: Facts) {
    const { type } = request.quality;
    this.#request = request;
    this.#detected = (type === 'auto_detect' ? detectTypes(facts) : [type]).map((one) => detect(one, facts));
  }

  async check(name: CheckName, build: Promise<CheckResult> | undefined): Promise<CheckResult> {
    const { quality, onCheck } = this.#request;
    const waits = name === 'types' || name === 'tests';
    const built = waits && settingOf(quality, name) !== 'off' ? await build : undefined;
    const startedMs = performance.now();
    this.#request.onBegin?.(name, null);
    const parts = built?.status === 'failed' ? [notRun('not run: the build failed')] : await this.#parts(name);
    const durationMs = Math.round(performance.now() - startedMs);
    const result = checkResult(name, parts, { required: quality.required.includes(name), durationMs });
    onCheck?.(result);
    return result;
  }

  async #parts(name: CheckName): Promise<PartResult[]> {
    const { quality, git } = this.#request;
    if (settingOf(quality, name) === 'off') return [notRun(isOff)];
    const untilMs = performance.now() + quality.timeoutMs;
    const stop = () => this.#request.signal?.aborted === true || performance.now() > untilMs;
    if (name !== 'complexity') {
      const secrets = name === 'security' ? [secretsPart(git.dir, await this.#looked(), stop)] : [];
      return Promise.all([...secrets, ...this.#tools(name)]);
    }
    return [await complexityPart(git.dir, await this.#looked(), Number(quality.complexityMax), stop)];
  }

  #tools(name: ToolCheck): Promise<PartResult>[] {
    const command = String(settingOf(this.#request.quality, name));
    const run = this.#toolRun(name);
    if (command !== 'auto_detect') return [runCommand(command, run)];
    const label = name === 'security' ? 'no audit' : '';
    if (this.#detected.length === 0) return [Promise.resolve({ ...notRun(noKnownType), label })];
    return this.#detected.map(async ({ [name]: step }) =>
      step.kind === 'none' ? { ...notRun(step.reason), label } : runTool(step, run),
    );
  }

  #toolRun(name: ToolCheck): ToolRun {
    const { git, env, quality, changedOnly, signal, onBegin } = this.#request;
    return {
      root: git.dir,
      env: withoutRepository(env),
      timeoutMs: quality.timeoutMs,
      signal,
      changedOnly,
      changed: () => this.#changedScope(),
      onStart: (command) => onBegin?.(name, command),
    };
  }

  #looked(): Promise<Scope> {
    return this.#request.changedOnly ? this.#changedScope() : wholeScope(this.#request.git);
  }

  #changedScope(): Promise<Scope> {
    const { git, base, committedOnly } = this.#request;
    this.#changed ??= base().then((oid) => changedScope(git, oid, { committed: committedOnly }));
    return this.#changed;
  }
}

const notRun = (reason: string): PartResult => ({ label: '', status: 'idle', reason, output: '' });

function settingOf(quality: Config['quality'], name: CheckName): string | number {
  switch (name) {
    case 'lint':
      return quality.lintCommand;
    case 'types':
      return quality.typeCheckCommand;
    case 'tests':
      return quality.testCommand;
    case 'build':
      return quality.buildCommand;
    case 'security':
      return quality.securityCommand;
    case 'complexity':
      return quality.complexityMax;
  }
}
