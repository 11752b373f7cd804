/*
 * Compiles the loops of each adapter, `assembly/kernel.ts`, into its `kernel-module.ts`: `npm run kernel`. With --check
 * it only says whether those files are what would be written.
 */
/* global Buffer, process, URL */
import { readFile, writeFile } from 'node:fs/promises';
import { main } from 'assemblyscript/asc';
import { format } from 'prettier';

const source = new URL('..', import.meta.url);
const stale = [];
for (const room of ['csv', 'postgres']) {
  const target = new URL(`${room}/kernel-module.ts`, source);
  const text = await moduleText(await compile(`${room}/assembly/kernel.ts`));
  if (!process.argv.includes('--check')) await writeFile(target, text);
  else if ((await readFile(target, 'utf8')) !== text) stale.push(`src/${room}/kernel-module.ts`);
}
if (stale.length > 0) throw new Error(`stale: ${stale.join(', ')}; npm run kernel compiles them`);

/** The WebAssembly module of a file below `src`. */
async function compile(entry) {
  let module;
  const { error, stderr } = await main(
    [
      entry,
      ...['--outFile', 'kernel.wasm', '--runtime', 'stub', '--use', 'abort='],
      ...['--enable', 'simd', '-O3', '--converge', '--noAssert'],
    ],
    {
      readFile: (name) => readFile(new URL(name, source), 'utf8').catch(() => null),
      writeFile: (_, contents) => void (module = contents),
      listFiles: () => [],
    },
  );
  if (error) throw new Error(stderr.toString(), { cause: error });
  return module;
}

function moduleText(module) {
  const base64 = Buffer.from(module).toString('base64');
  return format(
    `// Compiled from assembly/kernel.ts by \`npm run kernel\`: do not edit.\nexport const KERNEL = '${base64}';\n`,
    { parser: 'typescript', singleQuote: true, printWidth: 110 },
  );
}
