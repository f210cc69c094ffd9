import { detectGo } from './detect-go.ts';
import { detectNode } from './detect-node.ts';
import { detectPython } from './detect-python.ts';
import { detectRust } from './detect-rust.ts';
import { type Facts, hasAny } from './facts.ts';
import type { Detected } from './steps.ts';

export const projectTypes = ['node', 'python', 'go', 'rust'] as const;
export type ProjectType = (typeof projectTypes)[number];

const marks: Readonly<Record<ProjectType, readonly string[]>> = {
  node: ['package.json'],
  python: ['pyproject.toml', 'setup.py', 'setup.cfg', 'requirements.txt'],
  go: ['go.mod'],
  rust: ['Cargo.toml'],
};

const detectors: Readonly<Record<ProjectType, (facts: Facts) => Detected>> = {
  node: detectNode,
  python: detectPython,
  go: detectGo,
  rust: detectRust,
};

/** By what lies in the project's root. One of several kinds has the checks of each. */
export function detectTypes(facts: Facts): ProjectType[] {
  return projectTypes.filter((type) => hasAny(facts, ...marks[type]));
}

export const detect = (type: ProjectType, facts: Facts): Detected => detectors[type](facts);

/** For people: what was looked for. */
export const noKnownType = 'no package.json, pyproject.toml, go.mod or Cargo.toml here';
