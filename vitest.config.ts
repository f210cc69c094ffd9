import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { leftOut } from './scripts/bundle-command-line.mjs';

/** The simulation takes one core for minutes: begun last, it would run on alone. */
class SimulationFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isFirst = ({ moduleId }: TestSpecification) => moduleId.includes('/test/simulation/');
    return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))];
  }
}

/** On two cores: most of the time a test waits for processes of git. */
const workers = 3;

export default defineConfig({
  // as in the bundles
  resolve: { alias: leftOut },
  test: {
    server: { deps: { inline: [/@secretlint\/core/] } },
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          include: ['test/unit/**/*.test.ts'],
          // what they change of their process they put back: one for each file would take longer than they do
          isolate: false,
          maxWorkers: workers,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'side by side',
          include: ['test/**/*.test.ts'],
          exclude: ['test/bench/**', 'test/unit/**', 'test/alone/**'],
          maxWorkers: workers,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/alone/**/*.test.ts'],
          // what must be there within a second needs the machine for itself
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    pool: 'forks',
    sequence: { sequencer: SimulationFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: ['test/helpers/shared-cache.ts'],
    setupFiles: ['test/helpers/isolate.ts'],
  },
});
