import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect } from '../../src/postgres/connection.js';

const options = { applicationName: 'predawn test' };
const REFUSAL = 'Ssentinel';

let warnings: Error[];
let server: Server | undefined;
const note = (warning: Error) => warnings.push(warning);
beforeEach(() => {
  warnings = [];
  process.on('warning', note);
});
afterEach(() => {
  process.off('warning', note);
  server?.close();
});

/** A server that ends every session with SQLSTATE 3D000, through TLS where it has a certificate. */
async function refusingServer(certificate?: { key: Buffer; cert: Buffer }): Promise<string> {
  const refuse = (socket: Socket) => {
    socket.once('data', () => {
      const fields = Buffer.from(`SFATAL\0VFATAL\0C3D000\0M${REFUSAL}\0\0`);
      const length = Buffer.alloc(4);
      length.writeInt32BE(fields.length + 4);
      socket.end(Buffer.concat([Buffer.from('E'), length, fields]));
    });
  };
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (first) => {
      const asksForTls = first.length === 8;
      if (!asksForTls) {
        socket.unshift(first);
        refuse(socket);
        return;
      }
      socket.write(certificate === undefined ? 'N' : 'S');
      if (certificate === undefined) return;
      const secured = new TLSSocket(socket, { isServer: true, ...certificate });
      secured.on('error', () => undefined);
      refuse(secured);
    });
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `postgres://user@localhost:${(server.address() as AddressInfo).port}/db`;
}

const codeOf = (url: string) =>
  connect(url, options).then(
    () => 'connected',
    (error: unknown) => (error as { code: string }).code,
  );

test.each([
  ['disable', 'postgres.database'],
  ['allow', 'postgres.database'],
  ['prefer', 'postgres.database'],
  ['require', 'postgres.tls'],
  ['no-verify', 'postgres.tls'],
  ['verify-full', 'postgres.tls'],
])('sslmode=%s to a server without TLS: %s, and no warning', async (mode, code) => {
  expect(await codeOf(`${await refusingServer()}?sslmode=${mode}`)).toBe(code);
  // Node emits warnings on the next tick.
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});

describe('a certificate that no known authority signed', () => {
  let folder: string;
  const file = (name: string) => join(folder, name);
  const url = () =>
    refusingServer({ key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) });

  /** For a server of the name given. */
  const makeCertificate = (host: string) => {
    const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
    const files = ['-keyout', file('key.pem'), '-out', file('cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    execFileSync('openssl', ['req', '-x509', '-nodes', ...curve, ...files, ...subject], { stdio: 'pipe' });
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'predawn-tls-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['elsewhere.example', 'prefer', false, 'postgres.database'],
    ['elsewhere.example', 'require', false, 'postgres.database'],
    ['elsewhere.example', 'require', true, 'postgres.database'],
    ['elsewhere.example', 'verify-ca', true, 'postgres.database'],
    ['elsewhere.example', 'verify-full', true, 'postgres.tls'],
    ['localhost', 'verify-full', true, 'postgres.database'],
    ['localhost', 'verify-full', false, 'postgres.tls'],
  ])('of %s, sslmode=%s, sslrootcert given: %s: %s', async (host, mode, rooted, code) => {
    makeCertificate(host);
    const root = rooted ? `&sslrootcert=${encodeURIComponent(file('cert.pem'))}` : '';
    expect(await codeOf(`${await url()}?sslmode=${mode}${root}`)).toBe(code);
  });
});

test('what sslmode cannot be is named', async () => {
  const url = 'postgres://user@127.0.0.1:1/db';
  await expect(connect(`${url}?sslmode=bogus`, options)).rejects.toMatchObject({
    kind: 'configuration',
    code: 'postgres.url',
    message: expect.stringContaining('sslmode=bogus') as string,
    hint: expect.stringContaining('verify-full') as string,
  });
  await expect(connect(`${url}?sslmode=s3cret%20?`, options)).rejects.not.toThrow(/s3cret/);
  await expect(connect(`${url}?sslmode=verify-ca`, options)).rejects.toMatchObject({
    kind: 'configuration',
    code: 'postgres.url',
    message: expect.stringContaining('sslrootcert') as string,
  });
});
