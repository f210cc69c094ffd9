import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { meanings } from '../../src/cli/doctor-meanings.ts';
import { isShortOnly } from '../../src/cli/frame/spec.ts';
import { settings } from '../../src/config/settings.ts';
import { claimNoteSchema } from '../../src/domain/claim-schema.ts';
import { taskOps } from '../../src/domain/task.ts';
import { taskNoteSchema } from '../../src/domain/task-schema.ts';
import { exitCodes } from '../../src/errors.ts';
import { blocksOf } from './readme-blocks.ts';

const read = (name: string): string =>
  readFileSync(join(fileURLToPath(new URL('../..', import.meta.url)), name), 'utf8');
const cli = read('docs/cli.md');
const protocol = read('docs/protocol.md');
const readme = read('README.md');

describe('docs/cli.md', () => {
  const [built = '', planned = ''] = cli.split('## Not built yet');
  test.each(commands.map(({ name, options }) => ({ name, options })))(
    'names $name and its options',
    ({ name, options }) => {
      expect(built).toMatch(new RegExp(`(\`|\\|)${name}(\`|\\W)`));
      for (const option of options.filter((one) => !isShortOnly(one))) expect(built).toContain(`--${option.name}`);
    },
  );

  test('what is not built is not there', () => {
    const names = [...planned.matchAll(/`([a-z]+)`/g)].map((match) => match[1]);
    expect(commands.filter(({ name }) => names.includes(name))).toEqual([]);
  });

  test('names every check of doctor', () => {
    const section = cli.slice(cli.indexOf('**`doctor'), cli.indexOf('**`hooks install'));
    for (const id of Object.keys(meanings).filter((name) => name !== 'probe')) expect(section).toContain(`\`${id}\``);
  });

  test('names every exit code with its status', () => {
    for (const [code, status] of Object.entries(exitCodes)) {
      const row = cli.split('\n').find((line) => line.startsWith(`| ${status} |`));
      expect(row, code).toContain(`\`${code}\``);
      expect(readme).toContain(`| ${status} |`);
    }
  });

  test('the configuration shown is the built one', () => {
    const yaml = blocksOf(cli).find(({ language }) => language === 'yaml')?.lines ?? [];
    const keys = yaml.flatMap((line) => /^ {2}([a-z_]+):/.exec(line)?.[1] ?? []);
    for (const key of keys) expect(settings.map((setting) => setting.key)).toContain(key);
    for (const { section, key } of settings) {
      const laterOn = ['land', 'history'].includes(section) || key.startsWith('dashboard');
      if (!laterOn && key !== 'assignment_strategy') expect(keys).toContain(key);
    }
  });
});

describe('README.md', () => {
  test('lists every command', () => {
    for (const { name } of commands.filter(({ hidden }) => !hidden)) expect(readme).toContain(`\`${name}\``);
  });
});

describe('docs/plan.md', () => {
  const plan = read('docs/plan.md');
  const rows = plan.split('\n').filter((line) => line.startsWith('| `'));
  const library = read('src/index.ts');

  test('names commands and calls that are there', () => {
    const [aliases, ...others] = plan.split('## ').slice(1);
    const inTable = [aliases, others[0]].flatMap(
      (part) => part?.split('\n').filter((line) => line.startsWith('| `')) ?? [],
    );
    for (const row of inTable) {
      const [, , here = '', calls = ''] = row.split('|');
      for (const [, words = ''] of `${here} ${calls}`.matchAll(/`([^`]+)`/g)) {
        const [first = ''] = words.split(' ');
        const call = /^(?:book\.)?(\w+)$/.exec(first)?.[1] ?? '';
        const isThere = commands.some(({ name }) => name === first) || new RegExp(`\\b${call}\\b`).test(library);
        expect(
          isThere || ['for_each', 'join:', 'capabilities', 'requires', '--json'].includes(first),
          `${row}: ${words}`,
        ).toBe(true);
      }
    }
  });

  test.each([
    ...['work-claim', 'task-dist', 'agent-coord', 'init-check', 'task-exec', 'qa-int', 'monitor'],
    ...[
      'claim_task',
      'extend_claim',
      'release_task',
      'enqueue_task',
      'dequeue_task',
      'publish_event',
      'subscribe_to_events',
    ],
    ...['register_agent', 'update_agent_status', 'distribute_workflow_tasks', 'execute_task', 'run_quality_checks'],
    ...[
      'record_task_completion',
      'get_agent_performance',
      'claude-claim-task',
      'claude-heartbeat',
      'claim_ttl',
      'redis_url',
    ],
    ...['assignment_strategy', 'max_concurrent_tasks', 'dashboard_port', 'test_command', 'retry_limit'],
  ])('has %s of the plan', (name) => {
    expect(rows.some((row) => row.split('|')[1]?.includes(name))).toBe(true);
  });
});

describe('docs/protocol.md', () => {
  test('its records are valid ones', () => {
    const [task, claim] = blocksOf(protocol)
      .filter(({ language }) => language === 'json')
      .map(({ lines }) => JSON.parse(lines.join('\n')));
    expect(taskNoteSchema().safeParse(task).success).toBe(true);
    expect(claimNoteSchema().safeParse(claim).success).toBe(true);
  });

  test('names every operation', () => {
    const named = /\*\*`op`\*\*:([\s\S]*?)\n- /.exec(protocol)?.[1] ?? '';
    for (const op of taskOps) expect(named).toMatch(new RegExp(`[\`\\s]${op}[\`\\s]`));
  });

  test('has every section that the sources refer to', () => {
    for (let section = 1; section <= 10; section++) expect(protocol).toContain(`\n## ${section}. `);
  });
});

test('the text speaks of the project alone', () => {
  const others = readdirSync(new URL('../../docs', import.meta.url)).filter((name) => name.endsWith('.md'));
  for (const text of [readme, read('CHANGELOG.md'), ...others.map((name) => read(`docs/${name}`))]) {
    expect(text).not.toMatch(/\/(work|root|home|tmp)\//);
  }
});
