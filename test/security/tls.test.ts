import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInProcess } from '../helpers/in-process.js';
import { withParts } from '../helpers/postgres.js';
import { SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';
import { giveTo, unprivilegedAccount } from '../setup/account.js';
import { startServer, type TestServer } from '../setup/server.js';

/** A real server with certificates made for it here, and a real run through each way of checking them. */
const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version'], { stdio: 'pipe' }).length > 0;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasOpenssl)(
  'TLS to a real server (needs openssl for its certificates)',
  { timeout: 120_000 },
  () => {
    let folder: string;
    let server: TestServer;
    let project: TestProject;
    const file = (name: string) => join(folder, name);

    function openssl(...args: string[]): void {
      execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    }

    const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

    function makeAuthority(name: string): void {
      openssl(
        ...['req', '-x509', ...EC, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`],
      );
    }

    /** Signed by the authority "ours", for a host; `days` may be in the past. */
    function makeCertificate(name: string, host: string, when: readonly string[]): void {
      openssl(...['req', ...EC, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${host}`]);
      writeFileSync(file(`${name}.ext`), `subjectAltName=DNS:${host}\n`);
      openssl(
        ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ours.pem', '-CAkey', 'ours.key', '-CAcreateserial'],
        ...['-out', `${name}.pem`, '-extfile', `${name}.ext`, ...when],
      );
    }

    /** The certificate that the server shows from now on. */
    async function show(name: string): Promise<void> {
      for (const kind of ['key', 'pem']) copyFileSync(file(`${name}.${kind}`), file(`server/shown.${kind}`));
      chmodSync(file('server/shown.key'), 0o600);
      await giveTo(await unprivilegedAccount(), file('server'));
      await server.reload();
    }

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'predawn-tls-'));
      chmodSync(folder, 0o755);
      execFileSync('mkdir', [file('server')]);
      makeAuthority('ours');
      makeAuthority('another');
      makeCertificate('good', 'localhost', ['-days', '2']);
      makeCertificate('elsewhere', 'elsewhere.example', ['-days', '2']);
      makeCertificate('expired', 'localhost', ['-days', '-1']);
      for (const kind of ['key', 'pem']) copyFileSync(file(`good.${kind}`), file(`server/shown.${kind}`));
      chmodSync(file('server/shown.key'), 0o600);
      await giveTo(await unprivilegedAccount(), file('server'));
      server = await startServer({
        ssl: 'on',
        ssl_cert_file: file('server/shown.pem'),
        ssl_key_file: file('server/shown.key'),
      });
      project = await sampleProject({
        settings: 'registry: ./registry\nenvironments:\n  dev:\n    destination: ${DESTINATION}\n',
      });
    }, 60_000);
    afterAll(async () => {
      await server.stop();
      await project.drop();
      rmSync(folder, { recursive: true });
    });

    /** Node takes 127.0.0.1 and localhost for two names, as it should. */
    const run = (parameters: string) => {
      const url = withParts(server.url, {}).replace('127.0.0.1', 'localhost');
      return runInProcess(['run', 'churn', '--date', SAMPLE_DATE], {
        cwd: project.folder,
        env: { DESTINATION: `${url}?${parameters}` },
      });
    };
    const rooted = (mode: string, authority: string) =>
      `sslmode=${mode}&sslrootcert=${encodeURIComponent(file(`${authority}.pem`))}`;

    it.each([
      ['good', 'require', undefined],
      ['good', 'verify-ca', 'ours'],
      ['good', 'verify-full', 'ours'],
      ['elsewhere', 'verify-ca', 'ours'],
      ['expired', 'require', undefined],
    ])('the %s certificate passes sslmode=%s, authority: %s', async (shown, mode, authority) => {
      await show(shown);
      expect(await run(authority === undefined ? `sslmode=${mode}` : rooted(mode, authority))).toMatchObject({
        code: 0,
        stderr: '',
      });
    });

    it.each([
      ['good', 'verify-full', 'another', /signature|self.signed|unable to verify|issuer/i],
      ['good', 'verify-ca', 'another', /signature|self.signed|unable to verify|issuer/i],
      ['elsewhere', 'verify-full', 'ours', /elsewhere\.example/],
      ['expired', 'verify-full', 'ours', /expired/],
      ['expired', 'verify-ca', 'ours', /expired/],
    ])(
      'the %s certificate does not pass sslmode=%s of authority %s: exit 78',
      async (shown, mode, authority, says) => {
        await show(shown);
        const { code, stdout, stderr } = await run(rooted(mode, authority));
        expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
        expect(stderr).toMatch(says);
        expect(stderr).toContain('postgres.tls');
        expect(stderr).toContain('Check sslmode and sslrootcert');
      },
    );

    it('an authority that Node.js does not know does not pass without sslrootcert: exit 78', async () => {
      await show('good');
      const { code, stderr } = await run('sslmode=verify-full');
      expect(code).toBe(78);
      expect(stderr).toContain('postgres.tls');
    });

    it('is encrypted where it is asked for', async () => {
      await show('good');
      expect(await run(rooted('verify-full', 'ours'))).toMatchObject({ code: 0 });
      const { default: pg } = await import('pg');
      const client = new pg.Client({ connectionString: server.url, ssl: { rejectUnauthorized: false } });
      await client.connect();
      const { rows } = await client.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
      await client.end();
      expect(rows).toEqual([{ ssl: true }]);
    });
  },
);
