import { type Facts, hasAny } from './facts.ts';
import { type Detected, none, type Step, type Tool, tool } from './steps.ts';

const extensions = ['py', 'pyi'];
const ruff: Tool = {
  command: 'ruff',
  args: ['check', '.'],
  onFiles: { args: ['ruff', 'check', '--force-exclude'], extensions },
};
/** It looks into virtual environments unless told otherwise. */
const flake8Flags = ['--extend-exclude=.venv,venv,build,dist'];
const flake8: Tool = {
  command: 'flake8',
  args: [...flake8Flags, '.'],
  onFiles: { args: ['flake8', ...flake8Flags], extensions: ['py'] },
};

export function detectPython(facts: Facts): Detected {
  return {
    lint: lintStep(facts),
    types: typesStep(facts),
    tests: tool('pytest', ['-q'], { reader: 'pytest' }),
    build: none('a python project is not built; quality.build_command names a command that does'),
    security: auditStep(facts),
  };
}

const configures = (facts: Facts, tool: string): boolean =>
  new RegExp(`^\\[tool\\.${tool}[\\].]`, 'm').test(facts.text('pyproject.toml')) ||
  ['setup.cfg', 'tox.ini'].some((name) => new RegExp(`^\\[${tool}\\]`, 'm').test(facts.text(name)));

function lintStep(facts: Facts): Step {
  if (configures(facts, 'ruff') || hasAny(facts, 'ruff.toml', '.ruff.toml')) return { kind: 'tool', tools: [ruff] };
  if (configures(facts, 'flake8') || hasAny(facts, '.flake8')) return { kind: 'tool', tools: [flake8] };
  return { kind: 'tool', tools: [ruff, flake8] };
}

/** A type checker that nobody set up would complain of everything. */
function typesStep(facts: Facts): Step {
  if (configures(facts, 'mypy') || hasAny(facts, 'mypy.ini', '.mypy.ini')) return tool('mypy', ['.']);
  if (configures(facts, 'pyright') || hasAny(facts, 'pyrightconfig.json')) return tool('pyright', []);
  return none('no type checker is set up: no configuration of mypy or pyright');
}

function auditStep(facts: Facts): Step {
  const flags = ['--format=json', '--progress-spinner=off', '--timeout=15'];
  if (!facts.files.has('requirements.txt')) return none('there is no requirements.txt to look up');
  const about = ['requirements.txt'];
  return tool('pip-audit', [...flags, '--requirement=requirements.txt'], { reader: 'pip-audit', about });
}
