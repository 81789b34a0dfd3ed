/**
 * The folder of certificates: what is in it, whether it may be used again, and how it is filled.
 * All or nothing: one file that is missing, wrong or within 30 days of its end, and everything is made anew.
 */

import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { certificateNames, type EndpointNames } from '../names.ts';
import {
  certificatePem,
  createDevice,
  createIntermediate,
  createRoot,
  createServer,
  type Identity,
  type KeyKind,
  keyPem,
} from './authority.ts';

const RENEW_BEFORE_MS = 30 * 86_400_000;

/** Names a proxy in front of the stand-in goes by, for its own TLS. */
export const PROXY_NAMES = ['proxy.sandbox.test', 'gw.sandbox.test', 'localhost', '127.0.0.1'] as const;

export interface PkiFiles {
  /** The root that every server certificate here hangs on. */
  readonly ca: string;
  readonly dataCertificate: string;
  readonly dataKey: string;
  readonly credentialsCertificate: string;
  readonly credentialsKey: string;
  /** Who signed the devices; for a proxy that asks for client certificates. */
  readonly deviceCa: string;
  readonly deviceCertificate: string;
  readonly deviceKey: string;
  readonly secondDeviceCertificate: string;
  readonly secondDeviceKey: string;
  /** Known to the registry, but deactivated there. */
  readonly inactiveDeviceCertificate: string;
  readonly inactiveDeviceKey: string;
  readonly proxyCertificate: string;
  readonly proxyKey: string;
}

type PkiTexts = Readonly<Record<keyof PkiFiles, string>>;

const FILE_NAMES: PkiFiles = {
  ca: 'ca.pem',
  dataCertificate: 'data.pem',
  dataKey: 'data.key',
  credentialsCertificate: 'credentials.pem',
  credentialsKey: 'credentials.key',
  deviceCa: 'device-ca.pem',
  deviceCertificate: 'device.pem',
  deviceKey: 'device.key',
  secondDeviceCertificate: 'device-2.pem',
  secondDeviceKey: 'device-2.key',
  inactiveDeviceCertificate: 'device-inactive.pem',
  inactiveDeviceKey: 'device-inactive.key',
  proxyCertificate: 'proxy.pem',
  proxyKey: 'proxy.key',
};

const KINDS = Object.keys(FILE_NAMES) as (keyof PkiFiles)[];

export interface Pki {
  readonly files: PkiFiles;
  readonly texts: PkiTexts;
  readonly reused: boolean;
}

/** Loads the folder's certificates, or makes new ones where they cannot serve these names for 30 days more. */
export async function preparePki(dir: string, names: EndpointNames): Promise<Pki> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const files = mapKinds((kind) => join(dir, FILE_NAMES[kind]));

  const found = await readAll(files);
  if (found && isUsable(found, names)) return { files, texts: found, reused: true };

  const texts = await createAll(names);
  for (const kind of KINDS) await replaceFile(files[kind], texts[kind], kind.endsWith('Key') ? 0o600 : 0o644);
  return { files, texts, reused: false };
}

/** RSA where a client meets it first, as on AWS; P-256 elsewhere, so that both kinds are met. */
async function createAll(names: EndpointNames): Promise<PkiTexts> {
  const [root, older, deviceCa] = await Promise.all([
    createRoot({ name: 'CN=Amazon Root CA 1 (sandbox), O=Amazon (sandbox), C=US', days: 3_650 }),
    createRoot({ name: 'CN=Starfield Services Root Certificate Authority - G2 (sandbox), C=US', days: 3_650, keys: 'ec' }),
    createRoot({ name: 'OU=Amazon Web Services O\\=Amazon.com Inc. (sandbox), C=US', days: 3_650, keys: 'ec' }),
  ]);
  const [crossed, issuing] = await Promise.all([
    createIntermediate(older, { name: root.certificate.subject, days: 1_825 }, root.keys),
    createIntermediate(root, { name: 'CN=Amazon RSA 2048 M01 (sandbox), O=Amazon (sandbox), C=US', days: 1_825 }),
  ]);

  const server = (subjectNames: readonly string[], keys: KeyKind) =>
    createServer(issuing, { name: `CN=${subjectNames[0]}`, names: subjectNames, days: 395, keys });
  // The guide names exactly this subject for certificates that AWS IoT itself has made.
  const device = (keys: KeyKind) => createDevice({ name: 'CN=AWS IoT Certificate', days: 3_650, keys }, deviceCa);
  const [data, credentials, proxy, first, second, inactive] = await Promise.all([
    server(certificateNames(names.data), 'rsa'),
    server(certificateNames(names.credentials), 'ec'),
    server(PROXY_NAMES, 'ec'),
    device('rsa'),
    device('ec'),
    device('ec'),
  ]);

  // Servers send the root as cross-signed by the older one, as ATS endpoints do: who pins the whole chain breaks here too.
  const chain = (leaf: Identity) => certificatePem(leaf, issuing, crossed);
  return {
    ca: certificatePem(root),
    dataCertificate: chain(data),
    dataKey: await keyPem(data),
    credentialsCertificate: chain(credentials),
    credentialsKey: await keyPem(credentials),
    deviceCa: certificatePem(deviceCa),
    deviceCertificate: certificatePem(first),
    deviceKey: await keyPem(first),
    secondDeviceCertificate: certificatePem(second),
    secondDeviceKey: await keyPem(second),
    inactiveDeviceCertificate: certificatePem(inactive),
    inactiveDeviceKey: await keyPem(inactive),
    proxyCertificate: chain(proxy),
    proxyKey: await keyPem(proxy),
  };
}

/** Would a client that trusts `ca` accept all of this for these names, today and for 30 days more? */
function isUsable(texts: PkiTexts, names: EndpointNames): boolean {
  try {
    const root = parseChain(texts.ca)[0];
    const deviceCa = parseChain(texts.deviceCa)[0];
    return (
      root !== undefined &&
      deviceCa !== undefined &&
      serves(texts.dataCertificate, texts.dataKey, root, [names.data]) &&
      serves(texts.credentialsCertificate, texts.credentialsKey, root, [names.credentials]) &&
      serves(texts.proxyCertificate, texts.proxyKey, root, PROXY_NAMES) &&
      serves(texts.deviceCertificate, texts.deviceKey, deviceCa, []) &&
      serves(texts.secondDeviceCertificate, texts.secondDeviceKey, deviceCa, []) &&
      serves(texts.inactiveDeviceCertificate, texts.inactiveDeviceKey, deviceCa, [])
    );
  } catch {
    // Unreadable PEM is one more reason to make the folder anew.
    return false;
  }
}

function serves(chainPem: string, keyText: string, root: X509Certificate, hosts: readonly string[]): boolean {
  const chain = parseChain(chainPem);
  const [leaf, issuer] = chain;
  const lasts = [root, ...chain].every((certificate) => certificate.validToDate.getTime() - Date.now() > RENEW_BEFORE_MS);
  return (
    leaf !== undefined &&
    lasts &&
    leaf.checkPrivateKey(createPrivateKey(keyText)) &&
    hosts.every((host) => (leaf.checkHost(host) ?? leaf.checkIP(host)) !== undefined) &&
    (issuer ? leaf.verify(issuer.publicKey) && issuer.verify(root.publicKey) : leaf.verify(root.publicKey))
  );
}

function parseChain(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

async function readAll(files: PkiFiles): Promise<PkiTexts | undefined> {
  try {
    const texts = await Promise.all(KINDS.map(async (kind) => [kind, await readFile(files[kind], 'utf8')] as const));
    return Object.fromEntries(texts) as Record<keyof PkiFiles, string>;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whole or not at all: a reader never sees half a key. The mode is set at creation, so that no moment leaves a key open. */
async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const fresh = `${path}.${randomUUID()}`;
  await writeFile(fresh, text, { mode, flag: 'wx' });
  await rename(fresh, path);
}

function mapKinds(value: (kind: keyof PkiFiles) => string): Record<keyof PkiFiles, string> {
  return Object.fromEntries(KINDS.map((kind) => [kind, value(kind)])) as Record<keyof PkiFiles, string>;
}
