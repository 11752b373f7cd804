import type { Command } from 'commander';
import { PredawnError } from '../../../domain/errors.js';
import type { GateReport } from '../../../domain/gate.js';
import { promote, type Promotion } from '../../../run/promote.js';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { moveJson } from '../../ledger-json.js';
import { positiveInteger } from '../../options.js';
import { nextStep, printResult } from '../../print.js';
import { renderGate } from '../../render-gate.js';
import { writeReport } from '../../write-report.js';
import { DATE_OPTION, gateFacts, type GateOptions, withGateContext } from './gate-options.js';
import { moveText } from './move-text.js';
import { openRegistry, requireEnvironment } from './open-registry.js';
import { printFailedGate } from './print-failed-gate.js';

interface PromoteOptions extends GateOptions {
  readonly reason?: string;
  readonly accept?: readonly string[];
}

export function promoteCommand(context: CommandContext): Command {
  return newCommand(
    'promote',
    'Make a version live in an environment, if it is live in the one before and passes the gate.',
    [
      'predawn model promote churn 4 --to staging',
      'predawn model promote churn 4 --to production --reason "reviewed by the team"',
      'predawn model promote churn 4 --to production --accept max_label_change --reason "new campaign"',
    ],
  )
    .argument('<name>', 'model name')
    .argument('<version>', 'which version', positiveInteger)
    .requiredOption('--to <environment>', 'where it becomes live')
    .option('--reason <text>', 'kept in the history')
    .option(
      '--accept <check>',
      'promote although this check of the gate fails; needs --reason, may be repeated',
      (check: string, before: readonly string[] | undefined) => [...(before ?? []), check],
    )
    .option(...DATE_OPTION)
    .option('--report <file>', 'write the gate’s report to a file as JSON')
    .action((name: string, version: number, options: PromoteOptions) =>
      promoteVersion(name, version, options, context),
    );
}

async function promoteVersion(
  name: string,
  version: number,
  options: PromoteOptions,
  context: CommandContext,
): Promise<void> {
  const { project, registry } = await openRegistry(options, context);
  const environment = options.to;
  requireEnvironment(environment, project);
  const { accept = [], reason } = options;
  const asked = { registry, project, name, version, environment, accept, reason, by: context.user };
  const promotion = await withGateContext(`gate of ${environment}`, options, context, (gate) =>
    promote({ ...asked, ...gateFacts(name, project, options, context) }, gate),
  ).catch(async (error: unknown) => {
    if (error instanceof PredawnError && error.details['gate'] !== undefined) {
      const report = error.details['gate'] as GateReport;
      await writeReport(options.report, report, context);
      printFailedGate(report, options, context);
    }
    throw error;
  });
  if (promotion.report !== undefined) await writeReport(options.report, promotion.report, context);
  printResult(context, options, moveJson(promotion.move), (colors) => {
    const after = project.environments.find((each) => project.promotion[each]?.after === environment);
    const next =
      after === undefined ? '' : nextStep(`predawn model promote ${name} ${version} --to ${after}`, colors);
    return `${promotionText(promotion, colors)}${next}`;
  });
}

function promotionText({ move, report, unchanged }: Promotion, colors: boolean): string {
  const { model, to, environment } = move;
  if (unchanged) return `${model}@${to} is live in ${environment} already: nothing to do.\n`;
  const gate = report === undefined ? '' : `${renderGate(report, colors, move.accepted)}\n`;
  return `${gate}${moveText(move)}`;
}
