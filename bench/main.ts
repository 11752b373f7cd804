/*
 * The benchmarks; see README.md here. `npm run bench -- --help` lists what can be asked for.
 */
import { writeFile } from 'node:fs/promises';
import { barsTable, type Figure, type Section } from './bars.js';
import { runCases } from './cases.js';
import { runDecode } from './decode/decode.js';
import { runMemory } from './memory.js';
import { type Options, parseOptions, USAGE, type What } from './options.js';
import { runPublish } from './publish/publish.js';
import { describeRun } from './report.js';
import { runRestore } from './restore.js';
import { runSample } from './sample.js';
import { runWorkers } from './workers.js';

const WORK: Record<What, (options: Options) => Promise<Section>> = {
  cases: runCases,
  decode: runDecode,
  memory: runMemory,
  publish: runPublish,
  restore: runRestore,
  sample: runSample,
  workers: runWorkers,
};

// As src/main.ts does for the program itself: stages are measured in this process.
process.env['ORT_DISABLE_TELEMETRY'] = '1';

if (process.argv.includes('--help')) console.log(USAGE);
else await run(parseOptions(process.argv.slice(2)));

/** Each section is printed as soon as it is there: a long run that is broken off leaves what it found. */
async function run(options: Options): Promise<void> {
  const { output } = options;
  let report = '';
  const add = async (text: string) => {
    console.log(`${text}\n`);
    report += `${report === '' ? '' : '\n'}${text}\n`;
    if (output !== undefined) await writeFile(output, report);
  };

  await add(await describeRun());
  const figures: Figure[] = [];
  for (const what of options.what) {
    try {
      const section = await WORK[what](options);
      figures.push(...section.figures);
      await add(`## ${what}\n\n${section.text}`);
    } catch (error) {
      // The other checks can still be made.
      process.exitCode = 1;
      console.error(error);
      await add(`## ${what}\n\nFailed: ${String(error)}`);
    }
  }
  const bars = barsTable(figures, options.all);
  if (bars !== undefined) await add(`## bars\n\n${bars}`);
}
