// A CA, client certificates of every kind that must be refused, and revocation lists; openssl makes them.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ClientPair {
  readonly cert: string;
  readonly key: string;
}

export interface ClientPki {
  readonly caPem: string;
  /** Nothing revoked, and the one called `revoked`. */
  readonly emptyCrlPem: string;
  readonly crlPem: string;
  /** Until yesterday. */
  readonly oldCrlPem: string;
  readonly clients: Readonly<Record<ClientName, ClientPair>>;
}

interface Wanted {
  readonly subject: string;
  readonly san?: string;
  readonly usage?: string;
  /** Null: it signs itself. */
  readonly ca?: string | null;
  readonly from?: string;
  readonly to?: string;
}

const CLIENTS = {
  good: { subject: '/CN=acme' },
  named: { subject: '/O=Globex', san: 'DNS:globex.example,URI:spiffe://example/globex' },
  twoNames: { subject: '/CN=acme/CN=other' },
  unknown: { subject: '/CN=stranger' },
  expired: { subject: '/CN=acme', from: '20200101000000Z', to: '20210101000000Z' },
  early: { subject: '/CN=acme', from: '20400101000000Z', to: '20410101000000Z' },
  revoked: { subject: '/CN=acme' },
  serverOnly: { subject: '/CN=acme', usage: 'serverAuth' },
  otherCa: { subject: '/CN=acme', ca: 'other' },
  selfSigned: { subject: '/CN=acme', ca: null },
} as const satisfies Record<string, Wanted>;

export type ClientName = keyof typeof CLIENTS;

const CA_CONFIG = `[ca]
default_ca = d
[d]
database = index
crlnumber = crlnumber
default_md = sha256
new_certs_dir = .
rand_serial = yes
unique_subject = no
preserve = yes
policy = any
[any]
commonName = optional
organizationName = optional
`;

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export function makeClientPki(): ClientPki {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-pki-'));
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  try {
    writeFileSync(join(folder, 'index'), '');
    writeFileSync(join(folder, 'crlnumber'), '01\n');
    writeFileSync(join(folder, 'ca.cnf'), CA_CONFIG);
    for (const ca of ['ca', 'other']) {
      const extensions = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=keyCertSign,cRLSign'];
      openssl('req', '-x509', ...CURVE, '-days', '9', '-subj', `/CN=${ca}`, ...extensions, '-keyout', `${ca}.key`, '-out', `${ca}.pem`);
    }
    for (const [name, client] of Object.entries(CLIENTS)) makeClient(name, client, folder, openssl);
    const crl = (name: string, ...days: string[]): string => {
      openssl('ca', '-config', 'ca.cnf', '-gencrl', '-cert', 'ca.pem', '-keyfile', 'ca.key', ...days, '-out', name);
      return read(name);
    };
    const emptyCrlPem = crl('empty.crl', '-crldays', '5');
    openssl('ca', '-config', 'ca.cnf', '-revoke', 'revoked.pem', '-cert', 'ca.pem', '-keyfile', 'ca.key');
    return {
      caPem: read('ca.pem'),
      emptyCrlPem,
      crlPem: crl('one.crl', '-crldays', '5'),
      oldCrlPem: crl('old.crl', '-crl_lastupdate', '20200101000000Z', '-crl_nextupdate', '20200102000000Z'),
      clients: Object.fromEntries(
        Object.keys(CLIENTS).map((name) => [name, { cert: read(`${name}.pem`), key: read(`${name}.key`) }]),
      ) as ClientPki['clients'],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

type OpenSsl = (...args: string[]) => void;

function makeClient(
  name: string,
  { subject, san, usage = 'clientAuth', ca = 'ca', from, to }: Wanted,
  folder: string,
  openssl: OpenSsl,
): void {
  const out = ['-keyout', `${name}.key`, '-out'];
  if (ca === null) return openssl('req', '-x509', ...CURVE, '-days', '5', '-subj', subject, ...out, `${name}.pem`);
  writeFileSync(join(folder, 'ext'), `extendedKeyUsage=${usage}\n${san === undefined ? '' : `subjectAltName=${san}\n`}`);
  openssl('req', ...CURVE, '-subj', subject, ...out, `${name}.csr`);
  const by = ['-cert', `${ca}.pem`, '-keyfile', `${ca}.key`, '-extfile', 'ext'];
  const dates = from === undefined || to === undefined ? ['-days', '5'] : ['-startdate', from, '-enddate', to];
  openssl('ca', '-config', 'ca.cnf', '-batch', '-notext', '-in', `${name}.csr`, ...by, ...dates, '-out', `${name}.pem`);
}
