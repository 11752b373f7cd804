import type { Command } from 'commander';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { type CommonOptions, nextStep, printResult } from '../../print.js';
import { renderTable } from '../../render-table.js';
import { triedOutText } from '../../rollout-text.js';
import { openRegistry } from './open-registry.js';
import { entryJson, versionsOf } from './versions.js';

export function listCommand(context: CommandContext): Command {
  return newCommand('list', 'List models, their versions and where each is live.', [
    'predawn model list',
  ]).action(async (options: CommonOptions) => {
    const { project, registry } = await openRegistry(options, context);
    const rows = await Promise.all(
      (await registry.models()).map((name) => versionsOf(name, project, registry)),
    );
    const entries = rows.flat();
    printResult(context, options, entries.map(entryJson), (colors) =>
      entries.length === 0
        ? `No models in ${registry.location} yet.${nextStep('predawn model add NAME FILE.onnx', colors)}`
        : renderTable(
            ['model', 'version', 'live in', 'tried out in', 'added', 'by', 'sha256', 'golden rows', 'note'],
            entries.map(({ name, version, manifest, problem, environments, rollouts }) => [
              name,
              version,
              environments.join(', '),
              rollouts.map(triedOutText).join(', '),
              manifest?.addedAt.slice(0, 10) ?? '',
              manifest?.addedBy ?? '',
              manifest?.files['model.onnx']?.sha256.slice(0, 12) ?? '',
              manifest === undefined ? '' : String(manifest.golden?.rows ?? 'unverified'),
              problem === undefined
                ? (manifest.note ?? '')
                : `damaged: see predawn model show ${name} ${version}`,
            ]),
            colors,
          ),
    );
  });
}
