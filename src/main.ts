#!/usr/bin/env node
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';

// Left alone, V8 lets every thread's space for new objects grow with a run, out of the processor's cache: more memory and
// more time (docs/performance.md). What is loaded makes it grow too, so this comes first. V8 complains on stderr of a flag
// that it does not know; this one it has known up to Node.js 25 at least.
if (Number.parseInt(process.versions.v8) < 15) setFlagsFromString('--semi-space-growth-factor=1');

await import('./edge.js');
