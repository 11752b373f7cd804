import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PredawnError } from '../domain/errors.js';

/** Whatever the umask: others may not change what is run. */
const MODE = 0o644;

/**
 * Writes `predawn.yaml` in a folder that has none.
 *
 * @param sourceVariable the environment variable that names the source database, for a project that reads one
 * @returns the files written: none where the settings are there already
 */
export async function openProject(folder: string, sourceVariable: string | undefined): Promise<string[]> {
  const file = path.join(folder, 'predawn.yaml');
  try {
    await writeFile(file, settingsText(sourceVariable), { flag: 'wx', mode: MODE });
    return [file];
  } catch (error) {
    if (isCode(error, 'EEXIST')) return [];
    throw error;
  }
}

/** Writes a file that must not exist yet. @throws PredawnError kind `usage` where it does */
export async function writeNewFile(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o755 });
  try {
    await writeFile(file, text, { flag: 'wx', mode: MODE });
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    throw new PredawnError('usage', 'init.exists', `${file} exists already; it was left as it is.`, {
      hint: 'Give the new job another name with --name, or move the file away.',
    });
  }
}

function settingsText(sourceVariable: string | undefined): string {
  const source =
    sourceVariable === undefined ? '' : `    source: \${${sourceVariable}} # postgres://…, for queries\n`;
  return `# Where artefacts are kept: every version of every model, and which one is live in which environment.
registry: ./registry

# The same job files and artefacts serve all environments; the first one is the default.
environments:
  dev:
${source}    destination: ./predictions # a folder, or a postgres:// URL

  # production:
  #   source: \${PREDAWN_SOURCE_URL}
  #   destination: \${PREDAWN_DESTINATION_URL}
`;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
