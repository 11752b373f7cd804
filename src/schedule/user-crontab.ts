import { spawn } from 'node:child_process';
import { PredawnError } from '../domain/errors.js';

type Variables = Readonly<Record<string, string | undefined>>;

/** The crontab of the user; empty where there is none. @throws PredawnError where `crontab` is not there or refuses */
export async function readUserCrontab(variables: Variables): Promise<string> {
  const { code, stdout, stderr } = await crontab(['-l'], '', variables);
  if (code === 0) return stdout;
  if (/no crontab for/i.test(stderr)) return '';
  throw refused(stderr);
}

/** Replaces the crontab of the user, whole. */
export async function writeUserCrontab(text: string, variables: Variables): Promise<void> {
  const { code, stderr } = await crontab(['-'], text, variables);
  if (code !== 0) throw refused(stderr);
}

function refused(stderr: string): PredawnError {
  return new PredawnError('configuration', 'crontab.refused', `crontab refused: ${stderr.trim()}`, {
    hint: 'Nothing was changed. "predawn crontab" prints the lines, to be put in by hand with "crontab -e".',
  });
}

function crontab(
  args: readonly string[],
  input: string,
  variables: Variables,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    // Its messages are read: in English.
    const child = spawn('crontab', [...args], { env: { ...variables, LC_ALL: 'C' }, stdio: 'pipe' });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', (cause) =>
      reject(
        new PredawnError('configuration', 'crontab.none', 'This machine has no crontab command.', {
          hint: 'Use timers, "predawn systemd", or let "predawn schedule" run by itself.',
          cause,
        }),
      ),
    );
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    // It may end without reading.
    child.stdin.on('error', () => undefined).end(input);
  });
}
