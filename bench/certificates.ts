// The certificates of a run with TLS: one for the names of Pinhole, one for the endpoint that its gateway verifies. Made anew each time, by
// the `openssl` command, since Node has nothing that makes them.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Unavailable } from './unavailable.ts';

/** Names of Pinhole: what agents call the proxy, and what they call its gateway. */
export const OUR_NAMES = { proxy: 'proxy.bench.test', gateway: 'gw.bench.test' } as const;

export interface Certificate {
  /** PEM files. */
  readonly certificate: string;
  readonly key: string;
}

export interface Certificates {
  readonly ours: Certificate;
  readonly far: Certificate;
}

export function makeCertificates(folder: string, serverName: string): Certificates {
  return { ours: makeCertificate(folder, 'ours', Object.values(OUR_NAMES)), far: makeCertificate(folder, 'far', [serverName]) };
}

function makeCertificate(folder: string, name: string, hosts: readonly string[]): Certificate {
  const [certificate, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const made = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '90'],
      ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(',')}`],
      ...['-keyout', key, '-out', certificate],
    ],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Unavailable(`openssl made no certificate: ${made.error?.message ?? made.stderr.trim()}`);
  return { certificate, key };
}
