import { type Facts, hasAny } from './facts.ts';
import { type Detected, none, type Step, type Tool, tool } from './steps.ts';

const lockFiles = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
] as const;

const typeScripts = ['typecheck', 'type-check', 'types', 'check-types', 'check:types', 'tsc'];
const extensions = ['js', 'jsx', 'mjs', 'cjs', 'ts', 'tsx', 'mts', 'cts'];
const eslintConfigs = ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'].map((one) => `eslint.config.${one}`);
const olderEslintConfigs = ['', '.js', '.cjs', '.json', '.yml', '.yaml'].map((end) => `.eslintrc${end}`);

export function detectNode(facts: Facts): Detected {
  const scripts = scriptsOf(facts.text('package.json'));
  const manager = lockFiles.find(([name]) => facts.files.has(name))?.[1] ?? 'npm';
  const runScript = (name: string): Step => tool(manager, ['run', ...(manager === 'npm' ? ['--silent'] : []), name]);
  const byScript = (name: string): Step =>
    scripts[name] ? runScript(name) : none(`package.json has no script ${name}`);
  return {
    lint: lintStep(facts, scripts.lint, runScript),
    types: typesStep(facts, scripts, runScript),
    tests: scripts.test?.includes('no test specified')
      ? none('the script test says that there are none')
      : byScript('test'),
    build: byScript('build'),
    security: auditStep(manager),
  };
}

function scriptsOf(text: string): Readonly<Record<string, string>> {
  try {
    const { scripts } = JSON.parse(text) as { scripts?: Record<string, unknown> };
    return Object.fromEntries(
      Object.entries(scripts ?? {}).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
    );
  } catch {
    // a broken package.json is for npm to complain of
    return {};
  }
}

/** A script that does nothing but call a linter can be given files; any other is run as it is. */
function lintStep(facts: Facts, script: string | undefined, runScript: (name: string) => Step): Step {
  if (script !== undefined) {
    const linter = plainCall(script, facts);
    const whole = runScript('lint');
    if (linter === null || whole.kind === 'none') return whole;
    const [{ command, args }] = whole.tools;
    return { kind: 'tool', tools: [{ command, args, onFiles: { ...linter, extensions } }] };
  }
  const call = (command: string, ...args: string[]): Step => {
    const linter: Tool = { command, args: [...args, '.'], onFiles: { args: [command, ...args], extensions } };
    return { kind: 'tool', tools: [linter] };
  };
  if (hasAny(facts, 'biome.json', 'biome.jsonc')) return call('biome', 'lint', '--no-errors-on-unmatched');
  if (hasAny(facts, ...eslintConfigs)) return call('eslint', '--no-warn-ignored');
  if (hasAny(facts, ...olderEslintConfigs)) return call('eslint');
  return none('no linter is set up: no script lint, no configuration of eslint or biome');
}

/**
 * `eslint --max-warnings 0 src` without its folders. Null for what isn't a plain call, or names anything else than folders.
 */
function plainCall(script: string, { folders }: Facts): { args: readonly string[] } | null {
  const words = script.trim().split(/\s+/);
  const isBiome = words[0] === 'biome' && ['lint', 'check', 'ci'].includes(words[1] ?? '');
  if (!/^[\w\s./=:,@-]+$/.test(script) || (words[0] !== 'eslint' && !isBiome)) return null;
  const args = words.filter((word) => word !== '.' && !folders.has(word.replace(/^\.\/|\/$/g, '')));
  if (args.some((word) => !word.startsWith('-') && word.includes('/'))) return null;
  return { args };
}

function typesStep(facts: Facts, scripts: Readonly<Record<string, string>>, runScript: (name: string) => Step): Step {
  const script = typeScripts.find((name) => scripts[name] !== undefined);
  if (script !== undefined) return runScript(script);
  if (!facts.files.has('tsconfig.json')) return none('no tsconfig.json, no script typecheck');
  const isParts = /"references"\s*:/.test(facts.text('tsconfig.json'));
  return isParts ? tool('tsc', ['--build', '--noEmit']) : tool('tsc', ['--noEmit']);
}

function auditStep(manager: string): Step {
  const about = ['package.json', 'package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml'];
  const brief = ['--fetch-retries=0', '--fetch-timeout=15000'];
  if (manager === 'npm')
    return tool('npm', ['audit', '--json', ...brief], { reader: 'npm-audit', about: about.slice(0, 3) });
  if (manager === 'pnpm') return tool('pnpm', ['audit', '--json'], { reader: 'npm-audit', about });
  return none(`dependencies managed by ${manager} are not looked up`);
}
