import fc from 'fast-check';
import { v7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashKeys } from '../../src/domain/key-hash.js';
import type { Attempt, RowStage, TargetTable } from '../../src/domain/publication.js';
import type { MoveRequest } from '../../src/domain/slice-move.js';
import { CHURN, newAttempt, newReceipt, targetOf } from './attempts.js';
import type { PublicationUnderTest } from './publication.js';
import { outputColumn, scoredRows, type SliceRow, type TestRows, type Value } from './scored-rows.js';

/** What a destination brings beyond `PublicationUnderTest` for tests of what others do to it. */
export interface MovableUnderTest extends PublicationUnderTest {
  /** Spoils the rows that are kept of an attempt. */
  damageKept(attempt: Attempt): Promise<void>;
  /** Takes the slice away, as someone who tidies up might. */
  removeSlice(target: TargetTable, asOf: string): Promise<void>;
}

const DAY = '2026-11-20';
const NEXT_DAY = '2026-11-21';
const never = new AbortController().signal;

/** The contract of `moveSlice`, `Stage.keep` and `withComparison`: every destination passes it. */
export function describeMoves(
  name: string,
  open: () => Promise<MovableUnderTest>,
  formats: readonly TargetTable['format'][] = ['parquet'],
): void {
  describe.each(formats)(`moves of a slice: ${name}, %s`, (format) => {
    let subject: MovableUnderTest;
    let dates = 0;
    const churn = targetOf(CHURN, { format });
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(async () => {
      await subject.cleanup();
    });

    describe('restore', () => {
      test('goes to the attempt before and back, in the ledger with who and why', async () => {
        const [first, second] = [await published(0.25), await published(0.5)];
        const other = await publish(newAttempt(NEXT_DAY, churn), scored(3, 0.75));
        const result = await restore({ by: 'ann', reason: 'wrong "model"' });
        expect(result).toMatchObject({
          outcome: 'moved',
          attempt: { attemptId: first.id, artefact: first.artefact },
          replaced: { attemptId: second.id },
        });
        expect(result.changes.inserted - result.changes.deleted).toBe(0);
        expect(await scores()).toEqual([0.25, 0.25, 0.25]);
        expect(await current()).toBe(first.id);
        expect((await restore()).attempt.attemptId).toBe(second.id);
        expect(await scores()).toEqual([0.5, 0.5, 0.5]);
        expect(await current()).toBe(second.id);
        const moves = await movesOf(first);
        expect(moves.map(({ action, from, by, reason }) => [action, from, by, reason])).toEqual([
          ['publish', undefined, 'tester', undefined],
          ['restore', second.id, 'ann', 'wrong "model"'],
        ]);
        expect(moves.every(({ at }) => !Number.isNaN(Date.parse(at)))).toBe(true);
        expect((await movesOf(second)).map(({ action, from }) => [action, from])).toEqual([
          ['publish', first.id],
          ['restore', first.id],
        ]);
        expect(await current(NEXT_DAY)).toBe(other.id);
      });

      test('takes any attempt whose rows are kept, with rows that came and went', async () => {
        const attempts: Attempt[] = [];
        for (const [count, score] of [
          [5, 0.125],
          [0, 0],
          [8, 0.25],
          [3, 0.5],
        ] as const) {
          attempts.push(await published(score, count, { retain: 9 }));
        }
        for (const index of [0, 1, 2, 3, 1, 0]) {
          const attempt = attempts[index]!;
          await restore({ attemptId: attempt.id, retain: 9 });
          const count = [5, 0, 8, 3][index]!;
          expect(await scores()).toEqual(Array.from({ length: count }, () => [0.125, 0, 0.25, 0.5][index]));
          expect(await current()).toBe(attempt.id);
        }
      });

      test('has the rows that the attempt had, whatever came between', async () => {
        const step = fc.oneof(
          // Which rows the next attempt leaves out, brings and scores otherwise.
          {
            weight: 4,
            arbitrary: fc.record({ edits: fc.array(fc.nat(30), { maxLength: 6 }), all: fc.constant(false) }),
          },
          {
            weight: 2,
            arbitrary: fc.record({ edits: fc.array(fc.nat(30), { maxLength: 3 }), all: fc.constant(true) }),
          },
          { weight: 4, arbitrary: fc.record({ restored: fc.nat(3) }) },
          { weight: 1, arbitrary: fc.constant('removed' as const) },
        );
        const few = { edits: [1, 2], all: false };
        const histories = fc.array(step, { minLength: 3, maxLength: 9 });
        await fc.assert(
          fc.asyncProperty(fc.constantFrom(2, 3, 20), histories, async (retain, steps) => {
            const asOf = new Date(Date.UTC(2026, 0, ++dates)).toISOString().slice(0, 10);
            const attempts: { attempt: Attempt; rows: ReadonlyMap<string, number> }[] = [];
            let rows = new Map(Array.from({ length: 20 }, (_, row) => [`C-${row}`, 0]));
            let now: (typeof attempts)[number] | undefined;
            for (const [index, each] of steps.entries()) {
              if (each === 'removed') {
                if (now === undefined) continue;
                await subject.removeSlice(churn, asOf);
                // Where nobody ever published over them, its rows were nowhere else.
                if (!(await entry(now.attempt.id)).rowsKept) return;
                await restore({ asOf, attemptId: now.attempt.id, retain });
              } else if ('restored' in each) {
                const chosen = attempts[each.restored];
                if (chosen === undefined) continue;
                const kept = (await entry(chosen.attempt.id)).rowsKept || chosen === now;
                if (retain === 20) expect(kept).toBe(true);
                const moved = restore({ asOf, attemptId: chosen.attempt.id, retain });
                if (kept) await moved;
                else await expect(moved).rejects.toMatchObject({ code: 'rows.not_kept' });
                if (kept) now = chosen;
              } else {
                rows = new Map(now?.rows ?? rows);
                if (each.all) for (const key of rows.keys()) rows.set(key, index + 1);
                for (const edit of each.edits) {
                  if (edit % 3 === 0) rows.delete(`C-${edit}`);
                  else rows.set(`C-${edit}`, index + 1);
                }
                const [keys, scores] = [[...rows.keys()], [...rows.values()]];
                now = { attempt: newAttempt(asOf, churn, { retain }), rows };
                await publish(now.attempt, { keys: [keys], outputs: [scores, keys.map(() => 'No')] });
                attempts.push(now);
              }
              const slice = await seen(asOf);
              expect(new Map(slice.map(({ key, outputs }) => [key[0]!, outputs[0]]))).toEqual(
                now?.rows ?? new Map(),
              );
              expect(slice).toHaveLength(now?.rows.size ?? 0);
              expect(await current(asOf)).toBe(now?.attempt.id);
            }
          }),
          {
            numRuns: 8,
            examples: [
              // The last needs rows that were kept as differences from those of an attempt that is kept no longer.
              [2, [few, { edits: [1, 3, 25], all: false }, { restored: 0 }, few, { restored: 0 }]],
              [3, [few, { edits: [2, 6, 26, 29], all: false }, { restored: 0 }, 'removed', { restored: 1 }]],
            ],
          },
        );
      });

      test('leaves rows that are the same to the attempt that last changed them', async () => {
        const first = newAttempt(DAY, churn);
        await publish(first, scored(3, 0.25));
        const second = newAttempt(DAY, churn);
        const rows = scored(3, 0.25);
        await publish(second, { ...rows, outputs: [[0.25, 0.5, 0.25], rows.outputs[1]!] });
        await restore();
        const slice = await seen();
        expect(slice.map(({ outputs }) => outputs[0])).toEqual([0.25, 0.25, 0.25]);
        expect(slice.map(({ attemptId }) => attemptId)).toEqual([first.id, first.id, first.id]);
      });

      test('of what is the slice already does nothing, and is not in the history', async () => {
        const first = await published(0.25);
        const second = await published(0.5);
        expect(await restore({ attemptId: second.id })).toMatchObject({
          outcome: 'unchanged',
          attempt: { attemptId: second.id },
          replaced: undefined,
          changes: { inserted: 0, updated: 0, deleted: 0 },
        });
        expect(await movesOf(second)).toHaveLength(1);
        expect((await restore()).attempt.attemptId).toBe(first.id);
      });

      test('twice for a range leaves the first restore as it is', async () => {
        const first = await published(0.25);
        await published(0.5);
        expect((await restore({ unlessRestored: true })).outcome).toBe('moved');
        expect(await restore({ unlessRestored: true })).toMatchObject({
          outcome: 'unchanged',
          attempt: { attemptId: first.id },
        });
        expect(await scores()).toEqual([0.25, 0.25, 0.25]);
      });

      test('decides what the next attempt is told about the slice', async () => {
        const first = await published(0.25, 3, { artefact: 'churn@1', artefactDigest: '1'.repeat(64) });
        await published(0.5, 3, { artefact: 'churn@2', artefactDigest: '2'.repeat(64) });
        await restore();
        const again = newAttempt(DAY, churn);
        await subject.publication.withAttempt(again, never, async (stage) => {
          expect(stage.current).toMatchObject({ attemptId: first.id, artefactDigest: '1'.repeat(64) });
          await stage.unchanged(newReceipt(again, undefined, undefined, 'unchanged'));
        });
        expect(await current()).toBe(first.id);
        const next = await published(0.75);
        expect(await movesOf(next)).toMatchObject([{ action: 'publish', from: first.id }]);
        expect((await restore()).attempt.attemptId).toBe(first.id);
      });

      test('brings a slice back that others took away', async () => {
        const first = await published(0.25);
        await published(0.5);
        await subject.removeSlice(churn, DAY);
        expect(await scores()).toEqual([]);
        await restore({ attemptId: first.id });
        expect(await scores()).toEqual([0.25, 0.25, 0.25]);
        await subject.removeSlice(churn, DAY);
        await restore({ attemptId: first.id });
        expect(await scores()).toEqual([0.25, 0.25, 0.25]);
        await published(0.75, 4);
        expect(await scores()).toEqual([0.75, 0.75, 0.75, 0.75]);
      });

      test('keeps what was restored by when it last was the slice', async () => {
        const [first, second] = [
          await published(0.125, 3, { retain: 2 }),
          await published(0.25, 3, { retain: 2 }),
        ];
        await restore({ retain: 2 });
        await published(0.5, 3, { retain: 2 });
        await expect(restore({ attemptId: second.id })).rejects.toMatchObject({ code: 'rows.not_kept' });
        expect((await restore({ retain: 2 })).attempt.attemptId).toBe(first.id);
        expect(await scores()).toEqual([0.125, 0.125, 0.125]);
      });

      test('of rows that are not kept, damaged or unknown: a reason, and what is kept', async () => {
        const [first, second, third] = [
          await published(0.125, 3, { retain: 2 }),
          await published(0.25, 3, { retain: 2 }),
          await published(0.5, 3, { retain: 2 }),
        ];
        const gone = restore({ attemptId: first.id });
        await expect(gone).rejects.toMatchObject({ kind: 'data', code: 'rows.not_kept' });
        await expect(gone).rejects.toHaveProperty('hint', expect.stringContaining(second.id));
        const unknown = restore({ attemptId: v7() });
        await expect(unknown).rejects.toMatchObject({ kind: 'usage', code: 'attempt.unknown' });
        await subject.damageKept(second);
        await expect(restore()).rejects.toMatchObject({ kind: 'data', code: 'rows.not_kept' });
        await expect(restore()).rejects.toThrow('damaged');
        expect(await scores()).toEqual([0.5, 0.5, 0.5]);
        expect(await current()).toBe(third.id);
        const kept = await rowsKept([first, second]);
        expect(kept).toEqual([false, true]);
      });

      test('where there is nothing to go back to says so', async () => {
        await expect(restore()).rejects.toMatchObject({ kind: 'usage', code: 'restore.nothing' });
        await published(0.25);
        await expect(restore()).rejects.toMatchObject({ kind: 'usage', code: 'restore.nothing' });
        const failed = newAttempt(DAY, churn);
        await subject.publication
          .withAttempt(failed, never, () => Promise.reject(new Error('no')))
          .catch(() => undefined);
        const restoring = restore({ attemptId: failed.id });
        await expect(restoring).rejects.toMatchObject({ kind: 'usage', code: 'attempt.status' });
      });

      test('waits for nobody: a date that is being run is held, and the other way round', async () => {
        const first = await published(0.25);
        const running = newAttempt(DAY, churn);
        await subject.publication
          .withAttempt(running, never, async () => {
            const held = restore({ attemptId: first.id });
            await expect(held).rejects.toMatchObject({ kind: 'unavailable', code: 'lock.held' });
            await expect(held).rejects.toThrow(DAY);
          })
          .catch(() => undefined);
        expect((await restore({ attemptId: first.id })).outcome).toBe('unchanged');
      });

      test('is stopped by a signal before it begins', async () => {
        await published(0.25);
        await published(0.5);
        const reason = new Error('stop');
        const stopped = subject.publication.moveSlice(request(), AbortSignal.abort(reason));
        await expect(stopped).rejects.toBe(reason);
        expect(await scores()).toEqual([0.5, 0.5, 0.5]);
      });
    });

    describe('a staged attempt', () => {
      test('is seen by nobody until it is published, and restore flips back', async () => {
        const live = await published(0.25);
        const staged = await stage(0.5, 4);
        expect(await scores()).toEqual([0.25, 0.25, 0.25]);
        expect(await entry(staged.id)).toMatchObject({
          status: 'staged',
          current: false,
          rowsKept: true,
          moves: [],
          receipt: { outcome: 'staged' },
        });
        const result = await publishStaged(staged);
        expect(result).toMatchObject({ outcome: 'moved', replaced: { attemptId: live.id } });
        expect(await scores()).toEqual([0.5, 0.5, 0.5, 0.5]);
        const now = await entry(staged.id);
        expect(now).toMatchObject({ status: 'published', current: true });
        expect(now.receipt).toMatchObject({
          outcome: 'published',
          published_attempt_id: staged.id,
          replaced_attempt_id: live.id,
          changes: result.changes,
        });
        expect(now.moves).toMatchObject([{ action: 'publish-staged', from: live.id, by: 'tester' }]);
        expect((await publishStaged(staged)).outcome).toBe('unchanged');
        expect((await restore()).attempt.attemptId).toBe(live.id);
        await expect(publishStaged(staged)).rejects.toMatchObject({ code: 'attempt.status' });
        expect((await restore()).attempt.attemptId).toBe(staged.id);
        expect(await scores()).toEqual([0.5, 0.5, 0.5, 0.5]);
      });

      test('can be the first slice of its date', async () => {
        const staged = await stage(0.5);
        expect(await scores()).toEqual([]);
        expect((await publishStaged(staged)).replaced).toBeUndefined();
        expect(await scores()).toEqual([0.5, 0.5, 0.5]);
        const next = newAttempt(DAY, churn);
        await subject.publication
          .withAttempt(next, never, async ({ current: slice }) => {
            expect(slice).toMatchObject({ attemptId: staged.id });
          })
          .catch(() => undefined);
      });

      test('is not published over an attempt that began later, unless forced', async () => {
        const staged = await stage(0.5);
        const later = await published(0.75);
        await expect(publishStaged(staged)).rejects.toMatchObject({ kind: 'usage', code: 'publish.newer' });
        expect(await current()).toBe(later.id);
        const forced = await publishStaged(staged, { force: true });
        expect(forced.replaced).toMatchObject({ attemptId: later.id });
        expect(await scores()).toEqual([0.5, 0.5, 0.5]);
      });

      test('is published over a slice that was restored meanwhile', async () => {
        const first = await published(0.25);
        await published(0.375);
        const staged = await stage(0.5);
        await restore();
        expect((await publishStaged(staged)).replaced).toMatchObject({ attemptId: first.id });
      });

      test('can’t be restored, and a published one can’t be published', async () => {
        const first = await published(0.25);
        await published(0.375);
        const staged = await stage(0.5);
        const restoring = restore({ attemptId: staged.id });
        await expect(restoring).rejects.toMatchObject({ kind: 'usage', code: 'attempt.status' });
        await expect(restoring).rejects.toHaveProperty('hint', expect.stringContaining('predawn publish'));
        const publishing = publishStaged(first);
        await expect(publishing).rejects.toHaveProperty('hint', expect.stringContaining('predawn restore'));
      });

      test('is cleared by later ones, but never a live one', async () => {
        const live = await published(0.25, 3, { retain: 1 });
        const attempts = [
          await stage(0.5, 3, { retain: 2 }),
          await stage(0.625, 3, { retain: 2 }),
          await stage(0.75, 3, { retain: 2 }),
        ];
        expect(await rowsKept(attempts)).toEqual([false, true, true]);
        await expect(publishStaged(attempts[0]!)).rejects.toMatchObject({ code: 'rows.not_kept' });
        expect(await current()).toBe(live.id);
        await publishStaged(attempts[1]!, { retain: 1 });
        expect(await scores()).toEqual([0.625, 0.625, 0.625]);
        expect((await entry(attempts[2]!.id)).rowsKept).toBe(true);
        await stage(0.875, 3, { retain: 1 });
        expect((await entry(attempts[2]!.id)).rowsKept).toBe(false);
        expect(await scores()).toEqual([0.625, 0.625, 0.625]);
      });
    });

    describe('a comparison', () => {
      test('counts and names what differs, and leaves no trace', async () => {
        await publish(newAttempt(DAY, churn), {
          keys: [['a', 'b', 'c', 'd', 'gone']],
          outputs: [
            [0.25, 0.5, 0.75, 0.125, 0.5],
            ['No', 'No', 'Yes', 'No', 'No'],
          ],
        });
        const before = await subject.ledger.entries({ limit: 10 });
        const comparison = await compare(churn, {
          keys: [['b', 'new', 'a', 'd', 'c']],
          outputs: [
            [0.625, 0.5, 0.25, 0.875, 0.5],
            ['Yes', 'No', 'No', 'No', 'Yes'],
          ],
        });
        expect(comparison).toEqual({
          staged: 5,
          slice: 5,
          onlyStaged: 1,
          onlySlice: 1,
          changed: 3,
          columns: [
            {
              column: 'churn_probability',
              type: 'float4',
              changed: 3,
              largest: [
                { key: 'd', was: '0.125', is: '0.875', difference: 0.75 },
                { key: 'c', was: '0.75', is: '0.5', difference: -0.25 },
              ],
            },
            {
              column: 'churn',
              type: 'text',
              changed: 1,
              largest: [{ key: 'b', was: 'No', is: 'Yes', difference: undefined }],
            },
          ],
        });
        expect(await subject.ledger.entries({ limit: 10 })).toEqual(before);
      });

      test('of the same rows finds them identical, in any order', async () => {
        await publish(newAttempt(DAY, churn), scored(1000, 0.3));
        const rows = scored(1000, 0.3);
        const comparison = await compare(churn, {
          keys: [[...rows.keys[0]!].reverse()],
          outputs: rows.outputs.map((column) => [...column].reverse()),
        });
        expect(comparison).toMatchObject({
          staged: 1000,
          slice: 1000,
          onlyStaged: 0,
          onlySlice: 0,
          changed: 0,
        });
        expect(
          comparison!.columns.every(({ changed, largest }) => changed === 0 && largest.length === 0),
        ).toBe(true);
      });

      test('of every output type, and keys of several columns that look alike when joined', async () => {
        const target = targetOf(
          {
            keys: [
              { name: 'shop', type: 'text' },
              { name: 'day', type: 'date' },
            ],
            outputs: [
              outputColumn('a', 'float8'),
              outputColumn('b', 'int4'),
              outputColumn('c', 'int8'),
              outputColumn('d', 'bool'),
            ],
          },
          { format, table: 'wide_predictions' },
        );
        const keys = [
          ['x', 'x, 2026-01-01', 'y'],
          ['2026-01-02', '2026-01-02', '2026-01-02'],
        ];
        const rowsOf = (...outputs: readonly (readonly Value[])[]): TestRows => ({ keys, outputs });
        const old = rowsOf([0, 1e308, 0.5], [1, 2, 3], [1n, 2n, 9007199254740993n], [true, false, true]);
        await publish(newAttempt(DAY, target), old);
        const comparison = await compare(
          target,
          rowsOf([-0, -1e308, 0.5], [1, 7, 3], [1n, 2n, 9007199254740995n], [true, false, false]),
        );
        const [a, b, c, d] = comparison!.columns;
        expect(comparison!.changed).toBe(2);
        expect(a).toMatchObject({
          changed: 1,
          largest: [{ key: 'x, 2026-01-01, 2026-01-02', difference: undefined }],
        });
        expect(b).toMatchObject({ changed: 1, largest: [{ was: '2', is: '7', difference: 5 }] });
        expect(c).toMatchObject({
          changed: 1,
          largest: [{ was: '9007199254740993', is: '9007199254740995' }],
        });
        expect(c!.largest[0]!.difference).toBe(2);
        expect(d).toMatchObject({
          changed: 1,
          largest: [{ was: 'true', is: 'false', difference: undefined }],
        });
      });

      test('of a date without a slice has nothing to say', async () => {
        expect(await compare(churn, scored(2, 0.5))).toBeUndefined();
        expect(await subject.ledger.entries({ limit: 10 })).toEqual([]);
        await published(0.25);
      });

      test('needs no lock, and notices a publication that comes between', async () => {
        await published(0.25);
        const compared = newAttempt(DAY, churn);
        const moved = subject.publication.withComparison(compared, never, async (staging) => {
          expect(staging.current).toBeDefined();
          await append(staging, compared, scored(3, 0.25));
          await published(0.5);
          return staging.compare(10);
        });
        await expect(moved).rejects.toMatchObject({ kind: 'unavailable', code: 'compare.moved' });
        expect(await scores()).toEqual([0.5, 0.5, 0.5]);
      });
    });

    const scored = (count: number, score: number): TestRows => {
      const keys = Array.from({ length: count }, (_, row) => `C-${row}`);
      return { keys: [keys], outputs: [keys.map(() => Math.fround(score)), keys.map(() => 'No')] };
    };

    async function published(score: number, count = 3, over: Partial<Attempt> = {}): Promise<Attempt> {
      return publish(newAttempt(DAY, churn, over), scored(count, score));
    }

    async function publish(attempt: Attempt, rows: TestRows): Promise<Attempt> {
      await subject.publication.withAttempt(attempt, never, async (staging) => {
        const output = await append(staging, attempt, rows);
        await staging.publish(({ changes }) => newReceipt(attempt, output, changes));
      });
      return attempt;
    }

    async function stage(score: number, count = 3, over: Partial<Attempt> = {}): Promise<Attempt> {
      const attempt = newAttempt(DAY, churn, over);
      await subject.publication.withAttempt(attempt, never, async (staging) => {
        const output = await append(staging, attempt, scored(count, score));
        await staging.keep(({ location }) =>
          newReceipt(attempt, { ...output, location }, undefined, 'staged'),
        );
      });
      return attempt;
    }

    async function append(staging: RowStage, attempt: Attempt, rows: TestRows) {
      const blocks = scoredRows(attempt.target, rows, 0, rows.keys[0]!.length);
      const encoder = await subject.makeEncoder(structuredClone(staging.encoder));
      await staging.append({
        payload: encoder.encode(blocks),
        rows: blocks.rows,
        keyHashes: staging.hashKeys ? hashKeys(blocks.keys, blocks.rows) : undefined,
      });
      const output = await staging.finish();
      expect(await staging.duplicateKeys(5)).toEqual([]);
      return output;
    }

    function compare(target: TargetTable, rows: TestRows) {
      const attempt = newAttempt(DAY, target);
      return subject.publication.withComparison(attempt, never, async (staging) => {
        await append(staging, attempt, rows);
        await staging.reject([{ line: 1, column: 'x', code: 'missing', raw: '' }]);
        return staging.compare(2);
      });
    }

    function request(over: Partial<MoveRequest> = {}): MoveRequest {
      return {
        id: v7(),
        action: 'restore',
        job: 'churn',
        asOf: DAY,
        attemptId: undefined,
        by: 'tester',
        reason: undefined,
        retain: 3,
        force: false,
        unlessRestored: false,
        ...over,
      };
    }

    const restore = (over: Partial<MoveRequest> = {}) => subject.publication.moveSlice(request(over), never);
    const publishStaged = (attempt: Attempt, over: Partial<MoveRequest> = {}) =>
      subject.publication.moveSlice(
        request({ action: 'publish-staged', attemptId: attempt.id, ...over }),
        never,
      );

    async function entry(id: string) {
      return (await subject.ledger.find(id))!;
    }

    async function rowsKept(attempts: readonly Attempt[]): Promise<boolean[]> {
      const kept: boolean[] = [];
      for (const { id } of attempts) kept.push((await entry(id)).rowsKept);
      return kept;
    }

    async function movesOf({ id }: Attempt) {
      return (await entry(id)).moves;
    }

    async function current(asOf = DAY): Promise<string | undefined> {
      const entries = await subject.ledger.entries({ limit: 1000 });
      const found = entries.filter((each) => each.asOf === asOf && each.current);
      expect(found.length).toBeLessThanOrEqual(1);
      return found[0]?.attemptId;
    }

    async function seen(asOf = DAY): Promise<SliceRow[]> {
      const rows = await subject.readSlice(churn, asOf);
      return [...rows].sort((a, b) => (a.key[0]! < b.key[0]! ? -1 : 1));
    }

    async function scores(): Promise<Value[]> {
      return (await seen()).map(({ outputs }) => outputs[0]!);
    }
  });
}
