import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { PredawnError } from '../../src/domain/errors.js';
import type { AliasMove, Artefact, Manifest } from '../../src/domain/registry.js';
import { parseManifest, parseMove, parseRolloutMove } from '../../src/domain/registry-records.js';
import { manifestFor } from '../../src/domain/registry-versions.js';
import { sealRecord } from '../../src/domain/sealed-record.js';
import { packArtefact, unpackArtefact } from '../../src/registry/package.js';
import { goldenCandidateOf } from '../contracts/candidates.js';
import { eachCase, report, TIMES, timeoutFor } from './cases.js';
import { damagedBytes, mutated } from './mutations.js';

/** What a registry keeps and imports, damaged: read as it was, or refused as damaged; what it says, changed: checked. */
const CASES = 400;

const candidate = goldenCandidateOf('the bytes of a model '.repeat(40), '{"rows":[1,2,3]}');
const manifest = manifestFor('churn', 3, candidate);
const at = '2026-01-01T00:00:00.000Z';
const state = {
  ...{ mode: 'canary', version: 2, digest: 'sha256:aa', share: 0.1, ramp: [0.1, 0.5] },
  ...{ afterCleanRuns: 3, cleanRuns: ['2026-01-01'], cleanAtShare: 1 },
};
const run = { job: 'churn', asOf: '2026-01-01', attemptId: 'a' };
/** Whether what was read can be worked with: said once more here, in other words than the schemas'. */
function isSound(found: unknown): boolean {
  const record = found as Partial<Manifest> & Partial<AliasMove> & { readonly to?: unknown };
  if (record.files !== undefined)
    return (
      Number.isInteger(record.version) &&
      Object.entries(record.files).every(
        ([name, { sha256, bytes }]) =>
          ['model.onnx', 'golden.json', 'profile.json'].includes(name) &&
          /^[0-9a-f]{64}$/.test(sha256) &&
          Number.isInteger(bytes) &&
          bytes >= 0,
      ) &&
      record.signature!.inputs.every(({ shape }) => shape.length === 1 || shape.length === 2)
    );
  const actions = ['promote', 'rollback', 'start', 'stop', 'clean', 'advance', 'fail'];
  const names = [record.model, record.environment, record.at, record.by];
  return actions.includes(record.action!) && names.every((name) => typeof name === 'string');
}

const RECORDS: readonly (readonly [object, (bytes: Uint8Array, where: string) => unknown])[] = [
  [JSON.parse(JSON.stringify(manifest)) as object, parseManifest],
  [
    {
      ...{
        model: 'churn',
        environment: 'production',
        from: 1,
        to: 2,
        digest: 'sha256:aa',
        action: 'promote',
      },
      ...{ at, by: 'somebody', gate: { rows: 3 }, accepted: [{ check: 'rows', reason: 'known' }] },
    },
    parseMove,
  ],
  [
    {
      model: 'churn',
      environment: 'production',
      action: 'advance',
      from: state,
      to: state,
      at,
      by: 'somebody',
      run,
    },
    parseRolloutMove,
  ],
];

/** Undefined where it was refused as damaged; throws for any other failure. */
function unlessRefused<T>(given: unknown, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof PredawnError && error.kind === 'artefact' && error.message.includes('the place'))
      return undefined;
    throw new Error(inspect({ given, error }, false, 4), { cause: error });
  }
}

it(`${CASES} damaged archives are refused, or hold what they held`, { timeout: timeoutFor(5) }, async () => {
  const artefact = { ...candidate, manifest, digest: '' } as unknown as Artefact;
  const archive = packArtefact(artefact);
  const plain = (each: Artefact) => [each.manifest, Buffer.from(each.model), Buffer.from(each.golden!)];
  const whole = plain(unpackArtefact(archive, 'the place'));
  let refused = 0;
  await eachCase('archives', CASES, (random) => {
    const bytes = damagedBytes(random, archive);
    const read = unlessRefused(bytes, () => unpackArtefact(bytes, 'the place'));
    if (read === undefined) refused++;
    else expect(plain(read)).toEqual(whole);
  });
  expect(refused).toBeGreaterThan(0);
  report('damaged archives', CASES * TIMES);
});

it(`${CASES} damaged records are refused`, { timeout: timeoutFor(5) }, async () => {
  await eachCase('damaged records', CASES, (random) => {
    const [record, parse] = random.pick(RECORDS);
    const sealed = sealRecord(record);
    const bytes = damagedBytes(random, sealed);
    if (Buffer.compare(bytes, sealed) !== 0)
      expect(unlessRefused(bytes, () => parse(bytes, 'the place'))).toBeUndefined();
  });
  report('damaged records', CASES * TIMES);
});

it(`${CASES} records that somebody else wrote are checked`, { timeout: timeoutFor(5) }, async () => {
  let [read, refused] = [0, 0];
  await eachCase('records', CASES, (random) => {
    const [record, parse] = random.pick(RECORDS);
    const changed = mutated(random, record);
    if (typeof changed !== 'object' || changed === null || Object.keys(changed).length === 0) return;
    const bytes = sealRecord(changed);
    const found = unlessRefused(changed, () => parse(bytes, 'the place'));
    if (found === undefined) {
      refused++;
      return;
    }
    read++;
    expect(isSound(found), inspect({ changed, found }, false, 5)).toBe(true);
    // What is read has its shape: so it can be written and read again.
    expect(parse(sealRecord(JSON.parse(JSON.stringify(found)) as object), 'the place')).toEqual(found);
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
  });
  expect(read).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
  expect(({} as Record<string, unknown>)['model']).toBeUndefined();
  report('records by others', CASES * TIMES);
});
