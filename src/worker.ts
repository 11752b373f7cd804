import { parentPort } from 'node:worker_threads';
import { codecs, loadForAnyPlan } from './block-wiring.js';
import { openBlockScorer } from './run/block-scorer.js';
import { serveScorer } from './run/serve-scorer.js';

/** Entry of a scoring thread. */
if (parentPort === null) throw new TypeError('worker.js is started by the scorer pool');
serveScorer(parentPort, (plan) => openBlockScorer(plan, codecs), loadForAnyPlan());
