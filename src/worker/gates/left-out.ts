/**
 * Stands in, in the bundles, for what secretlint loads and nobody here looks at (scripts/bundle-command-line.mjs). Its profiler keeps
 * every mark of every rule, looks them all through at each, and trips over names of files; `debug` would print sources.
 */
export const secretLintProfiler = { mark: (): void => {} };

export default (): (() => void) => () => {};
