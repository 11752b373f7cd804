import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { REPOSITORY } from '../repository.js';

/** `worker.ts` as JavaScript, bundled as the program is: a worker thread knows no TypeScript. */
export async function bundledWorker(): Promise<URL> {
  // Within node_modules, so that what is left outside the bundle is found.
  const folder = path.join(REPOSITORY, 'node_modules/.cache/predawn-bench');
  await build({
    entryPoints: [path.join(REPOSITORY, 'bench/limits/worker.ts')],
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    external: ['onnxruntime-node'],
    banner: {
      js: "import { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);",
    },
    logLevel: 'warning',
  });
  return pathToFileURL(path.join(folder, 'worker.js'));
}
