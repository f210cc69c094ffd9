// Bundles the command line: one file of CommonJS, which starts faster than modules do and whose compiled code can be kept
// (src/cli/load-bundle.ts), and beside it what few commands need. Their names change with their content.
// Run by itself: node scripts/bundle-command-line.mjs <folder> <version>
import { basename, join } from 'node:path';
import { root } from './setup.mjs';

/** Packages that few commands need: a file each, beside the bundle. */
const loadedLate = {
  yaml: 'node_modules/yaml/browser/index.js',
  // its other entry can't be bundled
  'jsonc-parser': 'node_modules/jsonc-parser/lib/esm/main.js',
  '@babel/parser': 'node_modules/@babel/parser/lib/index.js',
  '@secretlint/core': 'node_modules/@secretlint/core/module/index.js',
  '@secretlint/secretlint-rule-preset-recommend':
    'node_modules/@secretlint/secretlint-rule-preset-recommend/module/index.js',
  hono: 'node_modules/hono/dist/index.js',
  'hono/streaming': 'node_modules/hono/dist/helper/streaming/index.js',
  '@hono/node-server': 'node_modules/@hono/node-server/dist/index.mjs',
};

/** What is called all day, in bundles without the rest: V8 unpacks all of a bundle's code at every start. */
const often = {
  mcp: ['mcp'],
  hook: ['hook'],
  land: ['land'],
  daily: 'add claim done fail list note progress ready release renew show status'.split(' '),
};
/** What one of these calls for others: its tools and resources. */
const calledBy = {
  mcp: 'add agents claim done events fail land list prime progress ready release show status'.split(' '),
};

const standIn = join(root, 'src/worker/gates/left-out.ts');
/** MCP's SDK would check forms with it that a person filled in; none is sent. */
const formChecks = { ajv: standIn, 'ajv-formats': standIn };
export const leftOut = { '@secretlint/profiler': standIn, debug: standIn };

/** @returns {Promise<string[]>} the files, `main.cjs` last */
export async function bundleCommandLine({ build }, { outdir, define }) {
  const bundle = async (name, entry, options) => {
    const { metafile } = await build({
      absWorkingDir: root,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      outdir,
      minify: true,
      // a stack trace shows the line: not all of the bundle
      lineLimit: 160,
      legalComments: 'none',
      logLevel: 'warning',
      metafile: true,
      // `import()` means a module that is in the bundle, or one beside it
      supported: { 'dynamic-import': false },
      outExtension: { '.js': '.cjs' },
      ...options,
      entryPoints: [{ in: entry, out: name }],
    });
    return join(root, Object.keys(metafile.outputs)[0]);
  };
  const entryNames = 'chunks/[name]-[hash]';
  const beside = {};
  for (const [name, entry] of Object.entries(loadedLate))
    beside[name] = await bundle(name.replace(/^@/, '').replace('/', '-'), entry, { entryNames, alias: leftOut });
  const sdk = await bundle('mcp-sdk', 'src/mcp/sdk.ts', { entryNames, alias: formChecks });
  const alias = Object.fromEntries(Object.entries(beside).map(([name, file]) => [name, `./${basename(file)}`]));
  const whole = {
    entryNames,
    banner: { js: 'const moduleUrl=require("node:url").pathToFileURL(__filename).href;' },
    define: { ...define, 'import.meta.url': 'moduleUrl' },
    alias,
    external: Object.values(alias),
    plugins: [lateParts, lateModule(/^\.\/sdk\.ts$/, sdk)],
  };
  const all = await bundle('cli', 'src/cli/frame/run.ts', whole);
  const some = [];
  const bundles = {};
  for (const [name, commands] of Object.entries(often)) {
    const called = [...commands, ...(calledBy[name] ?? [])];
    // with MCP's SDK in it, whose compiled code is then kept too
    const sdkParts = name === 'mcp' ? { alias: { ...alias, ...formChecks } } : {};
    const options = { ...whole, plugins: [lateParts, onlyCommands(called)], ...sdkParts };
    const file = await bundle(name, 'src/cli/frame/run.ts', options);
    some.push(file);
    for (const command of commands) bundles[command] = `chunks/${basename(file)}`;
  }
  const names = { COORD_BUNDLE: JSON.stringify(`chunks/${basename(all)}`), COORD_BUNDLES: JSON.stringify(bundles) };
  const main = await bundle('main', 'src/cli/main.ts', { define: { ...define, ...names } });
  const server = await bundle('git-coord-server', 'src/hooks/server/main.ts', { define });
  const runner = await bundle('git-runner', 'src/transport/git-runner-main.ts', { define });
  return [...Object.values(beside), sdk, all, ...some, server, runner, main];
}

/** Each takes a tenth of a bare start to load, and most commands that only look never need it. */
const late = {
  'node:crypto': ['createHash', 'randomBytes', 'randomUUID', 'timingSafeEqual'],
  'node:zlib': ['deflateSync', 'inflateSync'],
};
const lateParts = {
  name: 'late-parts',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(${Object.keys(late).join('|')})$`);
    onResolve({ filter }, ({ path, namespace }) =>
      namespace === 'late' ? { path, external: true } : { path, namespace: 'late' },
    );
    onLoad({ filter, namespace: 'late' }, ({ path }) => {
      const called = (name) => `export const ${name} = (...args) => require('${path}').${name}(...args);\n`;
      return { contents: late[path].map(called).join('') };
    });
  },
};

/** A module of ours that is a file beside the bundle. */
function lateModule(filter, file) {
  const path = `./${basename(file)}`;
  return {
    name: 'late-module',
    setup: ({ onResolve }) =>
      onResolve({ filter }, ({ kind }) => (kind === 'dynamic-import' ? { path, external: true } : null)),
  };
}

/** Leaves the other commands out: what starts often must be small. */
function onlyCommands(names) {
  const kept = names.map((name) => `../${name}.ts`);
  return {
    name: 'only-commands',
    setup: ({ onResolve }) =>
      onResolve({ filter: /./ }, ({ kind, importer, path: asked }) =>
        kind === 'dynamic-import' && importer.includes('/cli/commands/') && !kept.includes(asked)
          ? { path: asked, external: true }
          : null,
      ),
  };
}

if (process.argv[1] === import.meta.filename) {
  const [outdir, version] = process.argv.slice(2);
  const define = { COORD_VERSION: JSON.stringify(version), COORD_BUILD: JSON.stringify(version) };
  await bundleCommandLine(await import('esbuild'), { outdir, define });
}
