#!/usr/bin/env node
// Stands in for kubectl where score.sh calls it: what it was given to create is $KUBECTL_FOLDER/<name>.yaml, and the
// conditions of a Job that has ended are in <name>.conditions. Refuses whatever it does not know.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const [verb, ...args] = process.argv.slice(2);
const inFolder = (name, kind) => path.join(process.env.KUBECTL_FOLDER, `${name}.${kind}`);

if (verb === 'create' && args.join(' ') === '-f -') {
  const text = readFileSync(0, 'utf8');
  const [, name] = /^metadata:\n {2}name: (\S+)$/m.exec(text);
  if (existsSync(inFolder(name, 'yaml'))) fail(`jobs.batch "${name}" already exists`);
  // Seen whole or not at all.
  writeFileSync(inFolder(name, 'new'), text);
  renameSync(inFolder(name, 'new'), inFolder(name, 'yaml'));
} else if (verb === 'get' && args[0] === 'job' && args[2] === '--ignore-not-found' && args[3] === '-o') {
  const [, name, , , format] = args;
  if (format === 'name') print(existsSync(inFolder(name, 'yaml')) ? `job.batch/${name}\n` : '');
  else if (format === 'jsonpath={.status.conditions[?(@.status=="True")].type}')
    print(existsSync(inFolder(name, 'conditions')) ? readFileSync(inFolder(name, 'conditions'), 'utf8') : '');
  else fail(`unknown format ${format}`);
} else if (verb === 'delete' && args[0] === 'job' && args[2] === '--wait=false') {
  rmSync(inFolder(args[1], 'conditions'));
  rmSync(inFolder(args[1], 'yaml'));
} else fail(`unknown: ${process.argv.slice(2).join(' ')}`);

function print(text) {
  process.stdout.write(text);
}

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(1);
}
