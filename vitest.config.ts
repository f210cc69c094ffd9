import { defineConfig } from 'vitest/config';
import { leftOut } from './scripts/bundle-command-line.mjs';

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
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: [],
    setupFiles: ['test/helpers/isolate.ts'],
  },
});
