import type { Command } from 'commander';
import { gateFailed } from '../../../run/gate/accept.js';
import { tryGate } from '../../../run/promote.js';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { positiveInteger } from '../../options.js';
import { nextStep, printResult } from '../../print.js';
import { renderGate } from '../../render-gate.js';
import { writeReport } from '../../write-report.js';
import { DATE_OPTION, gateFacts, type GateOptions, withGateContext } from './gate-options.js';
import { openRegistry, requireEnvironment } from './open-registry.js';
import { printFailedGate } from './print-failed-gate.js';

export function gateCommand(context: CommandContext): Command {
  return newCommand('gate', 'Run the gate of an environment for a version, and move nothing.', [
    'predawn model gate churn 4 --to production',
    'predawn model gate churn 4 --to production --date 2026-11-20 --json',
  ])
    .argument('<name>', 'model name')
    .argument('<version>', 'which version', positiveInteger)
    .requiredOption('--to <environment>', 'whose gate')
    .option(...DATE_OPTION)
    .option('--report <file>', 'write the report to a file as JSON')
    .action(async (name: string, version: number, options: GateOptions) => {
      const { project, registry } = await openRegistry(options, context);
      const environment = options.to;
      requireEnvironment(environment, project);
      const asked = { registry, project, name, version, environment };
      const report = await withGateContext(`gate of ${environment}`, options, context, (gate) =>
        tryGate({ ...asked, ...gateFacts(name, project, options, context) }, gate),
      );
      await writeReport(options.report, report, context);
      if (!report.passed) {
        printFailedGate(report, options, context);
        throw gateFailed(
          report,
          report.checks.filter(({ status }) => status === 'failed'),
        );
      }
      printResult(
        context,
        options,
        report,
        (colors) =>
          `${renderGate(report, colors)}${nextStep(`predawn model promote ${name} ${version} --to ${environment}`, colors)}`,
      );
    });
}
