import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';
import { chooseCases, howToRepeat, report, TIMES, timeoutFor } from './cases.js';

/**
 * Damaged copies of the sample's model, as `model add` and a run would read them: refused as such or read, and never the
 * end of the process, native code or not. In a process of their own, which tells what a case did that nothing survived.
 */
const CASES = 150;
const CHILD = path.join(import.meta.dirname, 'models-child.ts');
const MODEL = path.join(REPOSITORY, 'data-samples/churn/model.onnx');

it(
  `${CASES} damaged models are refused, or read, and end no process`,
  { timeout: timeoutFor(10) },
  async () => {
    const { seed, from, to } = chooseCases(CASES);
    const child = fork(CHILD, [MODEL, String(seed), String(from), String(to)], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let last = -1;
    let said = '';
    const outcomes: string[] = [];
    child.on('message', (message: { began: number } | { added: string; opened: string }) => {
      if ('began' in message) last = message.began;
      else outcomes.push(message.added, message.opened);
    });
    child.stderr!.on('data', (bytes: Buffer) => (said += bytes.toString()));
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];

    const how = `${howToRepeat(seed, last)} (${signal ?? code}):\n${said}`;
    expect(code, how).toBe(0);
    expect(outcomes).toHaveLength(2 * (to - from));
    expect(outcomes.every((outcome) => outcome === 'read' || outcome.startsWith('model.'))).toBe(true);
    if (to - from > 1) expect(outcomes).toContain('model.load');
    report('damaged models', CASES * TIMES);
  },
);
