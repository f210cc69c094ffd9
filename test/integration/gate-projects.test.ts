// The gates of each kind of project, by the tools of that kind.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cliJson } from '../helpers/cli.ts';
import { gateProjects, missingTools, toolEnvironment, writeFiles } from '../helpers/gate-projects.ts';
import { commitAll, git, makeScratch, type Scratch } from '../helpers/repo.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await makeScratch();
  await git(['init', '--quiet'], { cwd: scratch.dir });
});
afterEach(() => scratch.remove());

async function gate(...args: string[]) {
  const answer = await cliJson(['gate', ...args], { cwd: scratch.dir, env: toolEnvironment() });
  const checks = (answer.data?.checks ?? []) as { name: string; status: string; reason: string; output: string }[];
  return { ...answer, checks: Object.fromEntries(checks.map((check) => [check.name, check])) };
}

const expected: Record<keyof typeof gateProjects, Record<string, string>> = {
  node: { lint: 'passed', types: 'passed', tests: 'passed', build: 'passed', security: 'passed' },
  python: { lint: 'passed', types: 'passed', tests: 'passed', build: 'skipped', security: 'passed' },
  go: { lint: 'passed', types: 'skipped', tests: 'passed', build: 'passed', security: 'passed' },
  rust: { lint: 'passed', types: 'passed', tests: 'passed', build: 'passed', security: 'passed' },
};

describe.each(Object.keys(gateProjects) as (keyof typeof gateProjects)[])('%s', (kind) => {
  const project = gateProjects[kind];
  const missing = missingTools(project);
  if (missing !== null) console.log(`SKIP the gates of a ${kind} project: ${missing}`);

  test.skipIf(missing !== null)('passes, and each check fails by itself', async () => {
    await writeFiles(scratch.dir, project.files);
    await commitAll(scratch.dir, 'Begin');
    const good = await gate();
    const statuses = Object.fromEntries(Object.keys(expected[kind]).map((name) => [name, good.checks[name]?.status]));
    // Debian's cargo comes without clippy
    const noClippy = kind === 'rust' && good.checks.lint?.status === 'skipped' ? { lint: 'skipped' } : {};
    expect(statuses, JSON.stringify(good.data)).toEqual({ ...expected[kind], ...noClippy });
    expect(good).toMatchObject({ status: 0, data: { ok: true } });
    for (const check of Object.values(good.checks)) if (check.status === 'skipped') expect(check.reason).not.toBeNull();
    for (const { files, fails } of project.broken) {
      await writeFiles(scratch.dir, files);
      const bad = await gate();
      expect(bad).toMatchObject({ status: 10, error: { code: 'gate-failed' }, data: { ok: false } });
      for (const [name, says] of Object.entries(fails)) {
        expect(bad.checks[name], name).toMatchObject({ status: 'failed' });
        expect(bad.checks[name]?.output).toMatch(says);
      }
      if (fails.build !== undefined)
        expect(bad.checks.tests).toMatchObject({ status: 'skipped', reason: 'not run: the build failed' });
      await git(['checkout', '--quiet', '.'], { cwd: scratch.dir });
      await git(['clean', '--quiet', '-fd'], { cwd: scratch.dir });
    }
  });
});
