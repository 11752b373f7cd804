/*
 * The benchmarks; see README.md here. `npm run bench -- --help` lists what can be asked for.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCases } from './cases.js';

import { measure } from './measure.js';
import { runMemory } from './memory.js';
import { type Options, parseOptions, USAGE, type What } from './options.js';
import { describeRun } from './report.js';
import { REPOSITORY } from './repository.js';
import { runSample } from './sample.js';

const WORK: Record<What, (options: Options) => Promise<string>> = {
  cases: runCases,
  memory: runMemory,
  sample: runSample,
  decode: runDecode,
};

if (process.argv.includes('--help')) {
  console.log(USAGE);
} else {
  const options = parseOptions(process.argv.slice(2));
  const sections = [];
  for (const what of options.what) sections.push(`## ${what}\n\n${await WORK[what](options)}`);
  const report = `${await describeRun()}\n\n${sections.join('\n\n')}\n`;
  console.log(report);
  if (options.output !== undefined) await writeFile(options.output, report);
}

async function runDecode(): Promise<string> {
  const script = path.join(REPOSITORY, 'bench/decode-csv.ts');
  const { stdout } = await measure(process.execPath, ['--import', 'tsx', script], { cwd: REPOSITORY });
  return stdout.trim().replaceAll(/^/gm, '- ');
}
