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

export default defineConfig({
  // as in the bundles
  resolve: { alias: leftOut },
  test: {
    server: { deps: { inline: [/@secretlint\/core/] } },
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**'],
    pool: 'forks',
    // Most of the time a test waits for processes of git.
    maxWorkers: 3,
    sequence: { sequencer: SimulationFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: ['test/helpers/shared-cache.ts'],
    setupFiles: ['test/helpers/isolate.ts'],
  },
});
