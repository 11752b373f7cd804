import { chmodSync } from 'node:fs';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import Zip from 'adm-zip';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSealed, sealRecord, sha256 } from '../../src/domain/sealed-record.js';
import { runInProcess } from '../helpers/in-process.js';
import { filesBeneath, SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';
import { escaped } from './escaped.js';

/** Archives and models that would have predawn write or read where they have no business. */
let project: TestProject;
let archive: Buffer;
beforeAll(async () => {
  project = await sampleProject();
  await predawn('model', 'export', 'churn', '1', 'whole.predawn');
  archive = await readFile(path.join(project.folder, 'whole.predawn'));
});
afterAll(() => project.drop());

const predawn = (...args: string[]) => runInProcess(args, { cwd: project.folder });

type Record = { [key: string]: unknown } & { files: { [file: string]: { sha256: string; bytes: number } } };

/** The exported archive with another manifest or other files. */
async function rewritten(change: (zip: Zip, manifest: Record) => void): Promise<string> {
  const zip = new Zip(archive);
  const manifest = openSealed(zip.readFile('manifest.json')!) as Record;
  change(zip, manifest);
  zip.deleteFile('manifest.json');
  zip.addFile('manifest.json', Buffer.from(sealRecord(manifest)));
  await writeFile(path.join(project.folder, 'changed.predawn'), zip.toBuffer());
  return 'changed.predawn';
}

function replaceModel(zip: Zip, manifest: Record, model: Uint8Array): void {
  zip.deleteFile('model.onnx');
  zip.addFile('model.onnx', Buffer.from(model));
  manifest.files['model.onnx'] = { sha256: sha256(model), bytes: model.length };
}

/** The sample's model with one more initializer, whose values lie elsewhere. */
async function withExternalData(location: string): Promise<Buffer> {
  const model = await readFile(path.join(project.folder, 'data-samples/churn/model.onnx'));
  const tensor = new BinaryWriter();
  tensor.tag(1, WireType.Varint).int64(4).tag(2, WireType.Varint).int32(1);
  tensor.tag(8, WireType.LengthDelimited).string('outside').tag(13, WireType.LengthDelimited).fork();
  tensor.tag(1, WireType.LengthDelimited).string('location');
  tensor.tag(2, WireType.LengthDelimited).string(location).join();
  tensor.tag(14, WireType.Varint).int32(1);
  const graph = new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(tensor.finish()).finish();
  return Buffer.concat([model, new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(graph).finish()]);
}

describe('an archive', () => {
  it('that holds more than a version has none of it unpacked', async () => {
    const file = await rewritten((zip) => {
      for (const name of ['../escaped', '../../escaped', '/tmp/escaped', 'registry/escaped', 'C:\\escaped']) {
        zip.addFile('x', Buffer.from('escaped'));
        zip.getEntry('x')!.entryName = name;
      }
    });
    expect(await predawn('model', 'import', file, '--name', 'more')).toMatchObject({ code: 0, stderr: '' });
    const filesOf = (version: string) => filesBeneath(path.join(project.folder, 'registry', version));
    expect(await filesOf('more/1')).toEqual(await filesOf('churn/1'));
    expect(await escaped(project.folder)).toEqual([]);
  });

  it.each([
    '../escaped',
    '../../escaped',
    '/tmp/escaped',
    'a/b',
    '.',
    '..',
    '',
    'a\0b',
    'x'.repeat(300),
    '.adding-1',
  ])('of a model named %j is refused', async (name) => {
    const file = await rewritten((_, manifest) => (manifest['name'] = name));
    const { code, stderr } = await predawn('model', 'import', file);
    expect([76, 78]).toContain(code);
    expect(stderr).toMatch(/registry\.(name|damaged)/);
    expect(await escaped(project.folder)).toEqual([]);
  });

  it.each(['../model.onnx', '/etc/passwd', 'manifest.json', '__proto__'])(
    'whose manifest names the file %s is refused',
    async (name) => {
      const file = await rewritten((_, manifest) => {
        Object.defineProperty(manifest.files, name, {
          ...{ enumerable: true, value: { sha256: '0'.repeat(64), bytes: 1 } },
        });
      });
      const { code, stderr } = await predawn('model', 'import', file);
      expect(code).toBe(76);
      expect(stderr).toContain('registry.damaged');
    },
  );

  it('that unpacks to more than it says is not unpacked', async () => {
    const file = await rewritten((zip, manifest) => {
      replaceModel(zip, manifest, Buffer.alloc(200 * 1024 * 1024));
      manifest.files['model.onnx']!.bytes = 1000;
    });
    expect(await predawn('model', 'import', file)).toMatchObject({ code: 76 });
    // The archive's own word for the size is a lie, too.
    const bytes = await readFile(path.join(project.folder, file));
    const size = Buffer.alloc(4);
    size.writeUInt32LE(200 * 1024 * 1024);
    for (let at = bytes.indexOf(size); at !== -1; at = bytes.indexOf(size)) bytes.writeUInt32LE(1000, at);
    await writeFile(path.join(project.folder, file), bytes);
    expect(await predawn('model', 'import', file)).toMatchObject({ code: 76 });
  });
});

describe.each([
  ['an absolute path', '/etc/passwd'],
  ['a path that leads out', '../../../../etc/passwd'],
  ['a link', 'link'],
  ['a file beside it', 'data-samples/churn/customers.sql'],
])('a model that reads %s', (_, location) => {
  const refused = { code: 76, stderr: expect.stringContaining('model.external_data') as string };

  it('is neither added, imported nor scored with', async () => {
    const model = await withExternalData(location);
    await symlink('/etc/passwd', path.join(project.folder, 'link')).catch(() => undefined);
    await project.write('external.onnx', model);
    expect(await predawn('model', 'add', 'external', 'external.onnx')).toMatchObject(refused);
    expect(await filesBeneath(path.join(project.folder, 'registry/external'))).toEqual([]);
    const file = await rewritten((zip, manifest) => replaceModel(zip, manifest, model));
    expect(await predawn('model', 'import', file)).toMatchObject(refused);

    // Somebody who may write to the registry put it there, with every digest right.
    const folder = path.join(project.folder, 'registry/churn/1');
    const manifest = openSealed(await readFile(path.join(folder, 'manifest.json'))) as Record;
    const before = await readFile(path.join(folder, 'model.onnx'));
    await put(folder, manifest, model);
    const moves = path.join(project.folder, 'registry/churn/aliases/dev/000001.json');
    const move = openSealed(await readFile(moves)) as Record;
    await replace(moves, sealRecord({ ...move, digest: `sha256:${sha256(model)}` }));
    expect(await predawn('run', 'churn', '--date', SAMPLE_DATE)).toMatchObject(refused);
    await put(folder, manifest, before);
    await replace(moves, sealRecord(move));
  });
});

async function put(folder: string, manifest: Record, model: Uint8Array): Promise<void> {
  const file = { sha256: sha256(model), bytes: model.length };
  await replace(path.join(folder, 'model.onnx'), model);
  await replace(
    path.join(folder, 'manifest.json'),
    sealRecord({ ...manifest, files: { ...manifest.files, 'model.onnx': file } }),
  );
}

async function replace(file: string, bytes: Uint8Array): Promise<void> {
  chmodSync(file, 0o644);
  await writeFile(file, bytes);
}
