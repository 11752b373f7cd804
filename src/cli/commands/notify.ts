import type { Command } from 'commander';
import pc from 'picocolors';
import { combine, describeError, PredawnError } from '../../domain/errors.js';
import type { Receiver } from '../../domain/run-listener.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { type CommonOptions, nextStep, printResult } from '../print.js';
import { renderTable } from '../render-table.js';

/** A person waits for the answers, and a receiver may be slow the first time. */
const MOST_MILLISECONDS = 10_000;

interface NotifyOptions extends CommonOptions {
  readonly test?: boolean;
}

interface Tried {
  readonly receiver: Receiver;
  /** Undefined where nothing was tried. */
  readonly problem: string | undefined;
}

export function notifyCommand(context: CommandContext): Command {
  return newCommand('notify', 'Show who is told of runs; with --test, tell them that this is a test.', [
    'predawn notify --env production',
    'predawn notify --test --env production',
    'predawn notify churn --test               for a URL with {job}',
  ])
    .argument('[job]', 'name that stands in for {job} in a URL', 'predawn-test')
    .option('--test', 'send a test to every one of them, at the same time')
    .action(async (job: string, options: NotifyOptions) => notify(job, options, context));
}

async function notify(job: string, options: NotifyOptions, context: CommandContext): Promise<void> {
  const { environment, path: file } = await settingsFor(options, context);
  const { name, notify: settings } = environment;
  if (settings === undefined) {
    throw new PredawnError('configuration', 'notify.none', `Nobody is told of runs in ${name}.`, {
      hint: `Say who under environments.${name}.notify in ${file}: docs/notifications.md has examples.`,
    });
  }
  if (settings.problems.length > 0)
    throw combine(settings.problems, `${settings.problems.length} problems in notify of ${name} (${file}).`);

  const receivers = await context.services.receivers(settings);
  const test = options.test === true;
  const tried = test
    ? await Promise.all(receivers.map((receiver) => tryOut(receiver, job, name, context)))
    : receivers.map((receiver) => ({ receiver, problem: undefined }));
  const result = { environment: name, receivers: tried.map((each) => json(each, test)) };
  const failed = tried.filter(({ problem }) => problem !== undefined);
  // As JSON, a failure has the result in it.
  if (failed.length === 0 || options.json !== true)
    printResult(context, options, result, (colors) => text(tried, test, name, colors));
  if (failed.length > 0) throw untold(failed, tried.length, result);
}

function untold(
  failed: readonly Tried[],
  of: number,
  details: Readonly<Record<string, unknown>>,
): PredawnError {
  const message = `${failed.length} of ${of} receivers could not be told.`;
  const problems = failed.map(
    ({ receiver, problem }) =>
      new PredawnError('unavailable', 'notify.untold', `${receiver.name} could not be told: ${problem!}`),
  );
  return new PredawnError('unavailable', 'notify.untold', message, { problems, details });
}

async function tryOut(
  receiver: Receiver,
  job: string,
  environment: string,
  context: CommandContext,
): Promise<Tried> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(MOST_MILLISECONDS)]);
  const call = { id: context.newAttemptId(), job, environment, now: context.now() };
  try {
    await receiver.test(call, signal);
    return { receiver, problem: undefined };
  } catch (error) {
    return { receiver, problem: describeError(error) };
  }
}

function json({ receiver, problem }: Tried, test: boolean): Record<string, unknown> {
  const { name, told } = receiver;
  return { name, told, ...(test && { reached: problem === undefined, problem: problem ?? null }) };
}

function text(tried: readonly Tried[], test: boolean, environment: string, colors: boolean): string {
  const { green, red } = pc.createColors(colors);
  const rows = tried.map(({ receiver, problem }) => [
    receiver.name,
    receiver.told,
    ...(test ? [problem === undefined ? green('told') : red(problem)] : []),
  ]);
  const table = renderTable(['receiver', 'is told', ...(test ? ['test'] : [])], rows, colors);
  return test ? table : `${table}${nextStep(`predawn notify --test --env ${environment}`, colors)}`;
}
