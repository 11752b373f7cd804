/*
 * Compiles kernel.ts into ../kernel-module.ts: `npm run kernel`. With --check it only says whether that file is what
 * would be written.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { main } from 'assemblyscript/asc';
import { format } from 'prettier';

const target = new URL('../kernel-module.ts', import.meta.url);
const files = new Map();
const { error, stderr } = await main(
  [
    'kernel.ts',
    ...[
      '--outFile',
      'kernel.wasm',
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '-O3',
      '--converge',
      '--noAssert',
    ],
    ...['--use', 'abort='],
  ],
  {
    readFile: (name) => readFile(new URL(name, import.meta.url), 'utf8').catch(() => null),
    writeFile: (name, contents) => void files.set(name, contents),
    listFiles: () => [],
  },
);
if (error) throw new Error(stderr.toString(), { cause: error });

const base64 = Buffer.from(files.get('kernel.wasm')).toString('base64');
const text = await format(
  `// Compiled from assembly/kernel.ts by \`npm run kernel\`: do not edit.\nexport const KERNEL = '${base64}';\n`,
  { parser: 'typescript', singleQuote: true, printWidth: 110 },
);
if (process.argv.includes('--check')) {
  if ((await readFile(target, 'utf8')) !== text)
    throw new Error('src/csv/kernel-module.ts is stale: npm run kernel');
} else {
  await writeFile(target, text);
}
