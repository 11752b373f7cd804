/** A process of its own that works on a registry folder, for tests: `registry-child.ts FOLDER ACTION …`. */
import { openFolderRegistry } from '../../src/registry/folder.js';
import { candidateOf } from '../contracts/registry.js';

const [folder = '', action, ...rest] = process.argv.slice(2);

/** Waits for the parent's word, so that several children begin together. */
async function together(): Promise<void> {
  process.send!('ready');
  await new Promise((resolve) => process.once('message', resolve));
}

if (action === 'add') {
  const registry = openFolderRegistry(folder, { now: () => new Date() });
  await together();
  const { manifest, created } = await registry.add('churn', candidateOf(rest[0]!));
  process.send!({ version: manifest.version, created });
} else if (action === 'move') {
  const registry = openFolderRegistry(folder, { now: () => new Date() });
  await together();
  const moves = rest.map((to, index) => {
    const by = `order ${index} of ${process.pid}`;
    return to === 'back'
      ? registry.rollback('churn', 'production', by)
      : registry.promote({ name: 'churn', version: Number(to), environment: 'production', by });
  });
  process.send!(await Promise.all(moves));
} else if (action === 'add and die') {
  const registry = openFolderRegistry(folder, {
    now: () => new Date(),
    onAddStep: (step) => {
      if (step === rest[1]) process.kill(process.pid, 'SIGKILL');
    },
  });
  await registry.add('churn', candidateOf(rest[0]!));
}
process.disconnect();
