import { chmod, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';

// With --failpoints, the program of the fault-injection tests: the same, but that it can be made to fail at its steps.
const isArmed = process.argv.includes('--failpoints');
const outdir = isArmed ? 'dist-faults' : 'dist';
const armed = path.resolve(import.meta.dirname, 'test/faults/armed-failpoint.ts');
const armFailpoints = {
  name: 'failpoints',
  setup: (building) => building.onResolve({ filter: /\/failpoint\.js$/ }, () => ({ path: armed })),
};

// What hyparquet-writer wants of the reader; by its index, every run would load the whole of it.
const partsOfReader = {
  name: 'parts of hyparquet',
  setup(building) {
    building.onResolve({ filter: /^hyparquet$/ }, ({ importer }) =>
      importer.includes('hyparquet-writer') ? { path: 'hyparquet', namespace: 'parts' } : undefined,
    );
    building.onLoad({ filter: /./, namespace: 'parts' }, () => ({
      contents:
        "export { parquetSchema } from 'hyparquet/src/metadata.js'; export { toJson } from 'hyparquet/src/utils.js';",
      resolveDir: import.meta.dirname,
    }));
  },
};

// One file per entry and lazily loaded room: a start from hundreds of small modules takes half as long again.
await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: ['src/main.ts', 'src/worker.ts'],
  outdir,
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  sourcemap: true,
  // Parsing is a good part of a start. Names stay, and lines short enough for a stack trace to point at.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 120,
  // To ask which platform it is on, pg makes a Response, which loads Node's whole HTTP client.
  define: { Response: 'undefined' },
  // Loads native code from beside its own files.
  external: ['onnxruntime-node'],
  // For the packages among them that are CommonJS.
  banner: {
    js: "import { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);",
  },
  plugins: isArmed ? [partsOfReader, armFailpoints] : [partsOfReader],
  logLevel: 'warning',
});

await chmod(`${outdir}/main.js`, 0o755);
