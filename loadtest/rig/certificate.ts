// A certificate for the nodes' own TLS, made anew for a run by `openssl`, since Node has nothing that makes one.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Certificate } from './node-config.ts';

/** Null where there is no openssl: the nodes then have no door with TLS, and the probe does not try it. */
export function makeCertificate(folder: string, name: string): Certificate | null {
  const [certificate, key] = [join(folder, 'node.pem'), join(folder, 'node.key')];
  const made = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'],
      ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', certificate],
    ],
    { stdio: 'ignore' },
  );
  return made.status === 0 ? { certificate, key, name } : null;
}
