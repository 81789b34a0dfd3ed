// Whatever is wrong with what an operator puts beside the configuration of a running node, the node says what, and goes on by the last good file.

import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { ReloadResult } from '../core/supervision.ts';
import { makeCertificate } from './support/certificate.ts';
import { type ClientPki, makeClientPki } from './support/client-pki.ts';
import { liveNode, shownCertificate } from './support/live-node.ts';
import { statusOf } from './support/served-node.ts';

const TENANTS = `- { id: acme, tokens: ["sha256:${'a'.repeat(64)}"] }\n`;
/** Of a file that is something else. */
const MEGABYTES = 10 * 1024 * 1024;

let pki: ClientPki;
before(() => (pki = makeClientPki()));

/** Deterministic, and no text in any encoding. */
function garbage(bytes: number): Buffer {
  const noise = Buffer.alloc(bytes);
  for (let at = 0, state = 1; at < bytes; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    noise[at] = state >>> 16;
  }
  return noise;
}

test('bad files beside the configuration are refused in clear words, and the last good ones kept', { timeout: 120_000 }, async (t) => {
  const good = makeCertificate(['localhost']);
  const other = makeCertificate(['localhost']);
  let put = (_name: string, _bytes: string | Buffer | null): void => {};
  const node = await liveNode(
    t,
    [
      'listen: [{ address: "127.0.0.1:0", doors: [connect, connect-tls] }]',
      'tls: { certificate: cert.pem, key: key.pem, clientCa: ca.pem, clientCertificates: request, crl: clients.crl }',
      'tenantsFile: tenants.yaml',
    ],
    (folder) => {
      put = (name, bytes) => {
        const file = join(folder, name);
        if (bytes === null) return rmSync(file);
        writeFileSync(`${file}.new`, bytes);
        renameSync(`${file}.new`, file);
      };
      put('cert.pem', good.certPem);
      put('key.pem', good.keyPem);
      put('ca.pem', pki.caPem);
      put('clients.crl', pki.emptyCrlPem);
      put('tenants.yaml', TENANTS);
    },
  );
  const { policyVersion } = (await statusOf(node.runtime)).configuration;
  const certificate = await shownCertificate(node.port, 'localhost');
  const { expired, early } = pki.clients;

  for (const [what, name, bytes, words] of [
    ['10 MB of garbage for tenants', 'tenants.yaml', garbage(MEGABYTES), /tenants/],
    ['10 MB of one line for tenants', 'tenants.yaml', 'x'.repeat(MEGABYTES), /tenants/],
    ['a tenant that is there twice', 'tenants.yaml', TENANTS + TENANTS, /tenants.*acme/],
    ['a certificate that has expired', 'cert.pem', expired.cert, /tls\.certificate: the certificate expired on 2021-01-01/],
    ['a certificate that is not yet valid', 'cert.pem', early.cert, /tls\.certificate: the certificate is not valid before /],
    ['no key', 'key.pem', null, /tls\.key: cannot read .*key\.pem \(ENOENT\)/],
    ['the key of another certificate', 'key.pem', other.keyPem, /tls\.key: the private key does not belong to the certificate/],
    ['a key that is garbage', 'key.pem', garbage(2_000), /tls\.key: not a private key in PEM/],
    ['a CA that is garbage', 'ca.pem', garbage(2_000), /tls\.clientCa: /],
    ['a revocation list that is garbage', 'clients.crl', garbage(2_000), /tls\.crl: /],
  ] as const) {
    const before = {
      'tenants.yaml': TENANTS,
      'cert.pem': good.certPem,
      'key.pem': good.keyPem,
      'ca.pem': pki.caPem,
      'clients.crl': pki.emptyCrlPem,
    }[name];
    put(name, bytes);
    const { code, stderr, stdout } = await node.reload();
    assert.equal(code, 64, `${what}: ${stdout}${stderr}`);
    const { outcome, problems, tookMs } = JSON.parse(stdout) as ReloadResult;
    assert.equal(outcome, 'bad', what);
    assert.match(problems.join('\n'), words, what);
    assert.ok(problems.join('').length < 10_000, `${what}: ${problems.join('').length} characters`);
    assert.ok(tookMs < 20_000, `${what}: ${tookMs} ms`);
    // An operator sees it without looking at the log, until the good one is there again: that the node takes by itself.
    const { configuration } = await statusOf(node.runtime);
    assert.deepEqual([configuration.policyVersion, configuration.last?.outcome], [policyVersion, 'bad'], what);
    put(name, before);
  }
  assert.equal((await statusOf(node.runtime)).ready, true);
  assert.equal(await shownCertificate(node.port, 'localhost'), certificate);
  const back = await node.reload();
  assert.deepEqual([back.code, back.result?.outcome, back.result?.policyVersion], [0, 'unchanged', policyVersion]);
  assert.match(await answerTo(node.port), / 407 /, 'tenants are asked for as before');
});

function answerTo(port: number): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  socket.write('CONNECT x.example:443 HTTP/1.1\r\nHost: x.example:443\r\n\r\n');
  return new Promise((resolve, reject) => {
    socket.once('error', reject).once('data', (data: Buffer) => resolve(data.toString('latin1').split('\r\n', 1)[0] ?? ''));
  });
}
