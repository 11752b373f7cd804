import pc from 'picocolors';
import { describeError, PredawnError } from '../domain/errors.js';
import { exitCode } from './exit-codes.js';

/** Anything thrown, as a PredawnError: what is not one is a bug of ours. */
export function asPredawnError(thrown: unknown): PredawnError {
  if (thrown instanceof PredawnError) return thrown;
  return new PredawnError('internal', 'internal', `Unexpected: ${describeError(thrown)}`, {
    cause: thrown,
    hint: 'This is a bug in predawn. Run again with --debug for the stack, and please report it.',
  });
}

/** Anything that ended a run, saying whose. */
export function endingRun(thrown: unknown, job: string, asOf: string | undefined): PredawnError {
  const error = asPredawnError(thrown);
  error.subject = asOf === undefined ? job : `${job} ${asOf}`;
  return error;
}

/** One readable page: message, hint, every problem, and with `debug` the stack. */
export function renderError(error: PredawnError, options: { colors: boolean; debug: boolean }): string {
  const { red, bold, dim, cyan } = pc.createColors(options.colors);
  const lines = [`${red(bold('predawn:'))} ${headline(error)}`];
  for (const problem of error.problems) {
    lines.push('', `  ${bold('•')} ${problem.message}`, ...hintLine(problem, '    '));
  }
  lines.push(...hintLine(error, '  '), dim(`  ${error.code}, exit ${exitCode(error)}`));
  if (options.debug) lines.push('', stackOf(error));
  return `${lines.join('\n')}\n`;

  function hintLine({ hint }: PredawnError, indent: string): string[] {
    return hint === undefined ? [] : [`${indent}${cyan('hint:')} ${hint}`];
  }
}

/** Of a mail, the first line is what is seen of it: whose run it was is there, by the message itself or before it. */
function headline({ message, subject = '' }: PredawnError): string {
  const isSaid = subject.split(' ').every((part) => message.includes(part));
  return isSaid ? message : `${subject}: ${message}`;
}

/** The same for machines. */
export function errorJson(error: PredawnError): Record<string, unknown> {
  return { error: plain(error), exit_code: exitCode(error), ...error.details };
}

function plain({ kind, code, message, hint, problems }: PredawnError): Record<string, unknown> {
  return { kind, code, message, hint, ...(problems.length > 0 && { problems: problems.map(plain) }) };
}

function stackOf(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by: ${stackOf(error.cause)}` : own;
}
