// A certificate and key that last as long as one synth: a node's file is held to its rules here, and the real key is never here.

import { execFileSync } from 'node:child_process';

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

const ARGUMENTS = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=stand-in -keyout -'.split(' ');
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n/;

/** Self-signed, by openssl, with nothing on disk. Throws in words where openssl is missing. */
export function makeStandInPair(names: readonly string[]): Pair {
  const alternatives = `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`;
  try {
    const both = execFileSync('openssl', [...ARGUMENTS, '-addext', alternatives], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return { certificate: CERTIFICATE.exec(both)?.[0] ?? '', key: both.replace(CERTIFICATE, '') };
  } catch (error) {
    throw new Error('openssl could not make a certificate: is it on the PATH?', { cause: error });
  }
}
