/** Small projects of each kind, with checks that pass, and what makes one of them fail. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

type Files = Readonly<Record<string, string>>;

export interface GateProject {
  /** What must be here for its checks to run. */
  readonly tools: readonly string[];
  readonly files: Files;
  /** Changes, and the checks that they make fail, with what is said then. */
  readonly broken: readonly { readonly files: Files; readonly fails: Readonly<Record<string, RegExp>> }[];
}

const ownTools = resolve(import.meta.dirname, '../../node_modules/.bin');
/** rustup keeps its compilers in the home of whoever installed it, and not in that of a test. */
const rustupHome = process.env.RUSTUP_HOME ?? join(userInfo().homedir, '.rustup');

/** Builds find nothing outside and change nothing there. */
export const toolEnvironment = (): NodeJS.ProcessEnv => ({
  PATH: [process.env.PATH, ownTools].join(delimiter),
  GOFLAGS: '-mod=mod',
  GOTOOLCHAIN: 'local',
  GOPROXY: 'off',
  CARGO_NET_OFFLINE: 'true',
  ...(existsSync(rustupHome) && { RUSTUP_HOME: rustupHome }),
  npm_config_offline: 'true',
  npm_config_update_notifier: 'false',
});

/** Why its checks can't run here; null: they can. */
export function missingTools({ tools }: GateProject): string | null {
  const env = { ...process.env, ...toolEnvironment() };
  const missing = tools.filter(
    (tool) => spawnSync(tool, [tool === 'go' ? 'version' : '--version'], { env }).status !== 0,
  );
  return missing.length === 0 ? null : `${missing.join(', ')} not found`;
}

export async function writeFiles(dir: string, files: Files): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
}

const goTest =
  'package sum\n\nimport "testing"\n\nfunc TestSum(t *testing.T) {\n\tif Sum(1, 2) != 3 {\n\t\tt.Fatal("wrong sum")\n\t}\n}\n';
const rustLib = (body: string) =>
  `pub fn sum(a: i32, b: i32) -> i32 {\n    ${body}\n}\n\n#[test]\nfn adds() {\n    assert_eq!(sum(1, 2), 3);\n}\n`;

export const gateProjects: Readonly<Record<'node' | 'python' | 'go' | 'rust', GateProject>> = {
  node: {
    tools: ['npm', 'biome', 'tsc'],
    files: {
      'package.json': JSON.stringify({
        type: 'module',
        scripts: { build: 'node build.js', test: 'node --test' },
      }),
      'biome.json': '{}\n',
      'tsconfig.json': '{ "compilerOptions": { "module": "nodenext", "types": [] }, "include": ["src"] }\n',
      '.gitignore': 'out\n',
      'build.js': "import { writeFileSync } from 'node:fs';\nwriteFileSync('out', 'built');\n",
      'src/sum.ts': 'export const sum = (a: number, b: number): number => a + b;\n',
      'sum.test.js':
        "import assert from 'node:assert';\nimport { readFileSync } from 'node:fs';\nimport test from 'node:test';\n\ntest('is built before', () => assert.equal(readFileSync('out', 'utf8'), 'built'));\n",
    },
    broken: [
      {
        files: {
          'src/bad.ts': 'debugger;\nexport const x = 1;\n',
          'src/sum.ts': "export const sum: number = 'x';\n",
          'bad.test.js': "throw new Error('bad test');\n",
        },
        fails: { lint: /noDebugger/, types: /TS2322/, tests: /bad test/ },
      },
      { files: { 'build.js': "throw new Error('bad build');\n" }, fails: { build: /bad build/ } },
    ],
  },
  python: {
    tools: ['python3', 'pytest', 'flake8', 'mypy'],
    files: {
      'setup.cfg': '[flake8]\n[mypy]\n',
      'sum.py': 'def add(a: int, b: int) -> int:\n    return a + b\n',
      'test_sum.py': 'from sum import add\n\n\ndef test_add() -> None:\n    assert add(1, 2) == 3\n',
    },
    broken: [
      {
        files: {
          'sum.py': 'import os\n\n\ndef add(a: int, b: int) -> int:\n    return a - b\n',
          'more.py': "x: int = 'x'\n",
        },
        fails: { lint: /F401/, types: /Incompatible types/, tests: /assert -1 == 3/ },
      },
    ],
  },
  go: {
    tools: ['go'],
    files: {
      'go.mod': 'module example.invalid/sum\n\ngo 1.19\n',
      'sum.go': 'package sum\n\nfunc Sum(a, b int) int { return a + b }\n',
      'sum_test.go': goTest,
    },
    broken: [
      {
        files: {
          'bad.go': 'package sum\n\nfunc Same(a int) int { a = a; return a }\n',
          'sum.go': 'package sum\n\nfunc Sum(a, b int) int { return a - b }\n',
        },
        fails: { lint: /self-assignment/, tests: /wrong sum/ },
      },
      {
        files: { 'sum.go': 'package sum\n\nfunc Sum(a, b int) int { return "x" }\n' },
        fails: { build: /cannot use "x"/ },
      },
    ],
  },
  rust: {
    tools: ['cargo'],
    files: {
      'Cargo.toml': '[package]\nname = "sum"\nversion = "0.1.0"\nedition = "2021"\n',
      '.gitignore': 'target\n',
      'src/lib.rs': rustLib('a + b'),
    },
    broken: [
      { files: { 'src/lib.rs': rustLib('a - b') }, fails: { tests: /panicked|FAILED/ } },
      { files: { 'src/lib.rs': rustLib('"x"') }, fails: { build: /mismatched types/ } },
    ],
  },
};
