/** A process of its own that works on a registry, for tests: `registry-child LOCATION ACTION …`. */
import { openPostgresRegistry } from '../../src/postgres/registry.js';
import { openFolderRegistry } from '../../src/registry/folder.js';
import { candidateOf } from '../contracts/candidates.js';

const [location = '', action, ...rest] = process.argv.slice(2);
const now = (): Date => new Date();

/** Dies at that step of `add`; the one of a database, where files are inserted, is the folder's `files written`. */
function dieAt(step: string | undefined, reached: string): void {
  if (step === reached) process.kill(process.pid, 'SIGKILL');
}

const registry = location.startsWith('postgres')
  ? openPostgresRegistry({ url: location, now, onFilesInserted: () => dieAt(rest[1], 'files written') })
  : openFolderRegistry(location, { now, onAddStep: (step) => dieAt(rest[1], step) });

/** Waits for the parent's word, so that several children begin together. */
async function together(): Promise<void> {
  process.send!('ready');
  await new Promise((resolve) => process.once('message', resolve));
}

if (action === 'add') {
  await together();
  const { manifest, created } = await registry.add('churn', candidateOf(rest[0]!));
  process.send!({ version: manifest.version, created });
} else if (action === 'move') {
  await together();
  const moves = rest.map((to, index) => {
    const by = `order ${index} of ${process.pid}`;
    return to === 'back'
      ? registry.rollback('churn', 'production', by)
      : registry.promote({ name: 'churn', version: Number(to), environment: 'production', by });
  });
  process.send!(await Promise.all(moves));
} else if (action === 'add and die') {
  await registry.add('churn', candidateOf(rest[0]!));
}
process.disconnect();
