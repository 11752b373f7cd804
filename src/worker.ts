import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { parentPort } from 'node:worker_threads';
import { codecs, loadForAnyPlan } from './block-wiring.js';
import { openBlockScorer } from './run/block-scorer.js';
import { serveScorer } from './run/serve-scorer.js';

// For the whole process, in which a long run has begun now. Left alone, V8 lets every thread's space for new objects grow
// with it, and what waits there to be freed, for no gain in speed (docs/performance.md). Of a flag that it does not know V8
// complains on stderr; this one it has known up to Node.js 25 at least.
if (Number.parseInt(process.versions.v8) < 15) setFlagsFromString('--semi-space-growth-factor=1');

/** Entry of a scoring thread. */
if (parentPort === null) throw new TypeError('worker.js is started by the scorer pool');
serveScorer(parentPort, (plan) => openBlockScorer(plan, codecs), loadForAnyPlan());
