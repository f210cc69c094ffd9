import { describe, expect, test } from 'vitest';
import { detect, detectTypes, type ProjectType } from '../../../src/worker/gates/detect.ts';
import type { Facts } from '../../../src/worker/gates/facts.ts';
import type { Step, ToolCheck } from '../../../src/worker/gates/steps.ts';

function facts(files: Record<string, string>, folders: string[] = []): Facts {
  return { files: new Set(Object.keys(files)), folders: new Set(folders), text: (name) => files[name] ?? '' };
}

function call(step: Step): string {
  return step.kind === 'none'
    ? `none: ${step.reason}`
    : step.tools.map(({ command, args }) => [command, ...args].join(' ')).join(' | ');
}

const onFiles = (step: Step) => (step.kind === 'none' ? undefined : step.tools[0].onFiles?.args.join(' '));

const scripts = (of: Record<string, string>) => ({ 'package.json': JSON.stringify({ scripts: of }) });

test.each<[string[], ProjectType[]]>([
  [['package.json'], ['node']],
  [['pyproject.toml'], ['python']],
  [['requirements.txt'], ['python']],
  [['go.mod'], ['go']],
  [['Cargo.toml'], ['rust']],
  [
    ['Cargo.toml', 'package.json'],
    ['node', 'rust'],
  ],
  [['README.md', 'main.py'], []],
])('%j is %j', (names, types) => {
  expect(detectTypes(facts(Object.fromEntries(names.map((name) => [name, '']))))).toEqual(types);
});

test.each<[string, ProjectType, Record<string, string>, ToolCheck, string]>([
  ['its script', 'node', scripts({ lint: 'standard && x' }), 'lint', 'npm run --silent lint'],
  ['its script, by pnpm', 'node', { ...scripts({ lint: 'x' }), 'pnpm-lock.yaml': '' }, 'lint', 'pnpm run lint'],
  [
    'biome without a script',
    'node',
    { ...scripts({}), 'biome.json': '' },
    'lint',
    'biome lint --no-errors-on-unmatched .',
  ],
  ['eslint without a script', 'node', { ...scripts({}), 'eslint.config.js': '' }, 'lint', 'eslint --no-warn-ignored .'],
  [
    'nothing',
    'node',
    scripts({}),
    'lint',
    'none: no linter is set up: no script lint, no configuration of eslint or biome',
  ],
  ['a script of any usual name', 'node', scripts({ 'type-check': 'x' }), 'types', 'npm run --silent type-check'],
  ['tsc', 'node', { ...scripts({}), 'tsconfig.json': '{}' }, 'types', 'tsc --noEmit'],
  ['tsc of parts', 'node', { ...scripts({}), 'tsconfig.json': '{"references": []}' }, 'types', 'tsc --build --noEmit'],
  [
    'npm’s placeholder',
    'node',
    scripts({ test: 'echo "Error: no test specified" && exit 1' }),
    'tests',
    'none: the script test says that there are none',
  ],
  ['no script', 'node', scripts({}), 'build', 'none: package.json has no script build'],
  ['a broken package.json', 'node', { 'package.json': '{' }, 'build', 'none: package.json has no script build'],
  [
    'scripts that are none',
    'node',
    { 'package.json': '{"scripts":{"build":7}}' },
    'build',
    'none: package.json has no script build',
  ],
  [
    'yarn',
    'node',
    { ...scripts({}), 'yarn.lock': '' },
    'security',
    'none: dependencies managed by yarn are not looked up',
  ],
  [
    'either linter',
    'python',
    { 'setup.py': '' },
    'lint',
    'ruff check . | flake8 --extend-exclude=.venv,venv,build,dist .',
  ],
  [
    'the one that is set up',
    'python',
    { 'setup.cfg': '[flake8]\n' },
    'lint',
    'flake8 --extend-exclude=.venv,venv,build,dist .',
  ],
  ['ruff', 'python', { 'pyproject.toml': '[tool.ruff.lint]\n' }, 'lint', 'ruff check .'],
  ['mypy', 'python', { 'pyproject.toml': '[tool.mypy]\n' }, 'types', 'mypy .'],
  [
    'no type checker',
    'python',
    { 'setup.py': '' },
    'types',
    'none: no type checker is set up: no configuration of mypy or pyright',
  ],
  ['golangci-lint', 'go', { 'go.mod': '', '.golangci.yml': '' }, 'lint', 'golangci-lint run'],
  ['vet', 'go', { 'go.mod': '' }, 'lint', 'go vet ./...'],
  ['a build that leaves no file', 'go', { 'go.mod': '' }, 'build', 'go build -o /dev/null ./...'],
  ['clippy', 'rust', { 'Cargo.toml': '' }, 'lint', 'cargo clippy --quiet --all-targets -- -D warnings'],
])('%s', (_, type, files, check, expected) => {
  expect(call(detect(type, facts(files))[check])).toBe(expected);
});

describe('a script lint is given files', () => {
  test.each<[string, string | undefined]>([
    ['eslint .', 'eslint'],
    ['eslint --max-warnings 0 src/ test', 'eslint --max-warnings 0'],
    ['biome check --error-on-warnings .', 'biome check --error-on-warnings'],
    // these name more than folders, or do more than lint
    ['eslint src/**/*.ts', undefined],
    ['eslint lib/index.js', undefined],
    ['eslint . && tsc', undefined],
    ['biome format .', undefined],
    ['eslint . > $OUT', undefined],
    ['standard', undefined],
  ])('%s', (script, expected) => {
    expect(onFiles(detect('node', facts(scripts({ lint: script }), ['src', 'test'])).lint)).toBe(expected);
  });
});
