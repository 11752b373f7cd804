import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Step } from '../../src/domain/failpoint.js';
import { type CliResult, MAIN, REPOSITORY, type RunningCli, startCli } from '../helpers/cli.js';
import { runInProcess } from '../helpers/in-process.js';
import type { Action } from './armed-failpoint.js';
import type { Findings, Wrong } from './findings.js';
import type { Attempt, Ground, Slice, Watch } from './ground.js';
import { type Change, type Input, nextInput } from './inputs.js';

/** The program that can be made to fail at its steps. */
export const ARMED = path.join(REPOSITORY, 'dist-faults/main.js');
/** After so many milliseconds a process counts as hanging. */
const PATIENCE = 120_000;

/** A process's end: its exit code, or the signal that killed it. */
export type Exit = number | NodeJS.Signals;

/** One run that something befalls. */
export interface FaultCase {
  /** As the table of findings has it; undefined for a run that nothing befalls. */
  readonly kind: string | undefined;
  /** Where and when, to find it again. */
  readonly name: string;
  readonly change: Change;
  /** A step and what happens there: at the first time, or the `nth`. */
  readonly failpoint?: { readonly step: Step; readonly action: Action; readonly nth?: number };
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Prepares the harm before it starts. */
  readonly begin?: () => Promise<void> | void;
  /** Does harm while it runs. */
  readonly act?: (running: RunningCli, date: string) => Promise<void>;
  /** Mends what must be mended before the next run: a server that is down, a disk that is full. */
  readonly mend?: () => Promise<void>;
  /** How it may end where nothing was published, and where the new slice was. */
  readonly exits: { readonly old: readonly Exit[]; readonly new: readonly Exit[] };
  /** What it must say where it ends with another code than 0. */
  readonly says?: RegExp;
  /** What it must say in any case. */
  readonly warns?: RegExp;
  /** File descriptors to write to, instead of what is read here. */
  readonly stdout?: number;
  readonly stderr?: number;
}

/** Lets faults befall runs on one ground, and holds every promise to what comes of it. */
export class Proving {
  #dates = 0;
  #date = '';
  #input: Input | undefined;
  #published = 0;

  constructor(
    readonly ground: Ground,
    private readonly inputs: readonly Input[],
    private readonly findings: Findings,
    /** Ends all that before the next fault. */
    private readonly signal?: AbortSignal,
  ) {
    if (!existsSync(ARMED)) throw new Error('npm run build:faults makes the program that these tests need');
  }

  /** A fault, and all that must hold after it and after the next ordinary run. */
  async prove(fault: FaultCase): Promise<void> {
    const { ground, findings } = this;
    const { date, old, next } = await this.prepare(fault.change);
    const slices = { old: old && (await ground.sliceOf(old)), new: await ground.sliceOf(next) };
    const title = `${fault.name}, ${fault.change} at ${date}`;
    const wrong = (what: Wrong, detail: string) => findings.wrong(ground.name, what, `${title}: ${detail}`);

    const watch = await ground.watch(date);
    const result = await this.#suffer(fault, date, wrong);
    await fault.mend?.();
    await ground.released(date);
    const state = whose(await ground.read(date), slices);
    findings.countCase(ground.name);
    if (fault.kind !== undefined) findings.countFault(ground.name, fault.kind);
    if (state === undefined) wrong('slices with lost, duplicated or mixed rows', 'after the fault');
    else judgeExit(fault, result, state, wrong);
    if (result.signal === null && result.code !== 74 && state !== undefined)
      await this.#agree(date, state === 'new' ? next : old, wrong);

    await this.#runAgain(date, state === 'new' ? 'unchanged' : 'published', wrong);
    await this.settled(date, next, watch, slices, wrong);
  }

  /** Work of several processes on one date, after which the new slice must be there: published once, and whole. */
  async provePublished(
    kind: string,
    change: Change,
    work: (date: string, wrong: (what: Wrong, detail: string) => void) => Promise<void>,
  ): Promise<void> {
    const { ground, findings } = this;
    const { date, old, next } = await this.prepare(change);
    const slices = { old: old && (await ground.sliceOf(old)), new: await ground.sliceOf(next) };
    const wrong = (what: Wrong, detail: string) =>
      findings.wrong(ground.name, what, `${kind}, ${change} at ${date}: ${detail}`);
    const watch = await ground.watch(date);
    await work(date, wrong);
    await ground.released(date);
    findings.countCase(ground.name);
    findings.countFault(ground.name, kind);
    if ((await ground.read(date)) !== slices.new)
      wrong('slices with lost, duplicated or mixed rows', 'after the runs');
    await this.#runAgain(date, 'unchanged', wrong);
    await this.settled(date, next, watch, slices, wrong);
  }

  /** A date whose slice is another input's, or that has none, with the next input in its place. */
  async prepare(change: Change): Promise<{ date: string; old: Input | undefined; next: Input }> {
    this.signal?.throwIfAborted();
    if (change === 'first') {
      this.#date = new Date(Date.UTC(2020, 0, 1 + this.#dates++)).toISOString().slice(0, 10);
      this.#input = undefined;
      this.#published = 0;
    } else if (this.#input === undefined) {
      const { date, next } = await this.prepare('first');
      const { code, stderr } = await this.start(['run', 'churn', '--date', date, '--quiet']).finished;
      if (code !== 0) throw new Error(`A run without faults failed: ${stderr}`);
      this.#input = next;
      this.#published = 1;
    }
    const old = this.#input;
    const next = nextInput(this.inputs, old, change);
    await this.ground.project.write(`data-samples/churn/${this.#date}.csv`, next.csv);
    return { date: this.#date, old, next };
  }

  /** Starts a process, in the project and with its environment variables; the shipped program unless told. */
  start(
    args: readonly string[],
    env: Record<string, string> = {},
    main = MAIN,
    { stdout, stderr }: Pick<FaultCase, 'stdout' | 'stderr'> = {},
  ): RunningCli {
    const { project, env: own } = this.ground;
    return startCli(args, { cwd: project.folder, env: { ...own, ...env }, main, stdout, stderr });
  }

  /** The attempts of a date, newest first. */
  async attempts(date: string): Promise<readonly Attempt[]> {
    const { project, env } = this.ground;
    // All there are: one whose clock was a day back is not among the newest.
    const asked = ['runs', 'churn', '--limit', '1000000', '--json'];
    const { code, stdout, stderr } = await runInProcess(asked, { cwd: project.folder, env });
    if (code !== 0) throw new Error(`predawn runs failed: ${stderr}`);
    return (JSON.parse(stdout) as Attempt[]).filter(({ as_of: asOf }) => asOf === date);
  }

  /** The end of a case, when `next` must have been published: once, whole, by an attempt that the ledger names. */
  async settled(
    date: string,
    next: Input,
    watch: Watch,
    slices: { readonly old: Slice; readonly new: Slice },
    wrong: (what: Wrong, detail: string) => void,
  ): Promise<void> {
    const { ground, findings } = this;
    await ground.released(date);
    if ((await ground.read(date)) !== slices.new)
      wrong('slices with lost, duplicated or mixed rows', 'after the next run');
    await this.#agree(date, next, wrong);
    const attempts = await this.attempts(date);
    const unsettled = attempts.filter(({ status }) => !['published', 'failed', 'unchanged'].includes(status));
    for (const { status } of unsettled) wrong('things left over', `an attempt that is ${status}`);
    const publications = attempts.filter(({ status }) => status === 'published').length - this.#published;
    if (publications !== 1) wrong('ledger and table disagree', `published ${publications} times`);
    for (const left of await ground.leftOver(date, attempts)) wrong('things left over', left);
    const { reads, seen } = await watch.stop();
    findings.countReads(ground.name, reads);
    for (const each of seen) judgeReader(each, slices, wrong);
    this.#input = next;
    this.#published++;
  }

  async #suffer(
    fault: FaultCase,
    date: string,
    wrong: (what: Wrong, detail: string) => void,
  ): Promise<CliResult> {
    const { failpoint } = fault;
    const env = { ...fault.env };
    if (failpoint !== undefined)
      env['PREDAWN_FAILPOINT'] = `${failpoint.step}#${failpoint.nth ?? 1}:${failpoint.action}`;
    const args = ['run', 'churn', '--date', date, ...(fault.args ?? [])];
    await fault.begin?.();
    const running = this.start(args, env, failpoint === undefined ? MAIN : ARMED, fault);
    const watchdog = setTimeout(() => {
      wrong('wrong exit codes or messages', 'it hangs');
      running.child.kill('SIGKILL');
    }, PATIENCE);
    const acting = fault.act?.(running, date).catch((error: unknown) => {
      wrong('faults that did not happen', String(error));
      running.child.kill('SIGKILL');
    });
    const result = await running.finished;
    await acting;
    clearTimeout(watchdog);
    if (failpoint !== undefined && !result.stderr.includes(`failpoint: ${failpoint.step}\n`))
      wrong('faults that did not happen', `it never came to ${failpoint.step}: ${result.stderr}`);
    return result;
  }

  /** The next ordinary run, which gets no help. */
  async #runAgain(
    date: string,
    outcome: 'published' | 'unchanged',
    wrong: (what: Wrong, detail: string) => void,
  ): Promise<void> {
    const env = { PREDAWN_LOG_LEVEL: 'error' };
    const { code, stdout, stderr } = await this.start(['run', 'churn', '--date', date, '--json'], env)
      .finished;
    if (code !== 0) {
      wrong('next runs that needed help', `exit ${code}: ${stderr}`);
      return;
    }
    const receipt = JSON.parse(stdout) as { outcome: string };
    if (receipt.outcome !== outcome)
      wrong('ledger and table disagree', `the next run says ${receipt.outcome}, not ${outcome}`);
  }

  /** Whether the one current attempt of the ledger is that of an input; of none, where there is no slice. */
  async #agree(
    date: string,
    input: Input | undefined,
    wrong: (what: Wrong, detail: string) => void,
  ): Promise<void> {
    const current = (await this.attempts(date)).filter(({ is_current: isCurrent }) => isCurrent);
    const said = current.map(({ receipt }) => `${receipt?.input.fingerprint} ${receipt?.output.rows}`);
    const expected = input === undefined ? [] : [`${input.fingerprint} ${input.keys.length}`];
    if (said.join() !== expected.join())
      wrong(
        'ledger and table disagree',
        `current is ${said.join() || 'none'}, not ${expected.join() || 'none'}`,
      );
  }
}

function whose(
  found: Slice,
  slices: { readonly old: Slice; readonly new: Slice },
): 'old' | 'new' | undefined {
  return found === slices.old ? 'old' : found === slices.new ? 'new' : undefined;
}

function judgeExit(
  { exits, says, warns }: FaultCase,
  { code, signal, stderr }: CliResult,
  state: 'old' | 'new',
  wrong: (what: Wrong, detail: string) => void,
): void {
  const exit: Exit = signal ?? code!;
  if (!exits[state].includes(exit))
    wrong('wrong exit codes or messages', `exit ${exit} with the ${state} slice: ${stderr}`);
  else if (says !== undefined && exit !== 0 && !says.test(stderr))
    wrong('wrong exit codes or messages', `exit ${exit}, but it does not say ${String(says)}: ${stderr}`);
  if (warns?.test(stderr) === false)
    wrong('wrong exit codes or messages', `exit ${exit}, but it does not say ${String(warns)}: ${stderr}`);
}

/** A reader may see the old slice, then the new one, and nothing else. */
function judgeReader(
  seen: readonly Slice[],
  slices: { readonly old: Slice; readonly new: Slice },
  wrong: (what: Wrong, detail: string) => void,
): void {
  let isNew = false;
  for (const slice of seen) {
    const state = whose(slice, slices);
    if (state === undefined || (isNew && state === 'old'))
      wrong('bad reads', state ?? `${slice?.split('\n').length ?? 0} rows: ${slice?.slice(0, 80) ?? 'none'}`);
    isNew ||= state === 'new';
  }
}
