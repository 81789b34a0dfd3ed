/**
 * Makes certificates: authorities, servers and devices. Knows X.509, not where files lie nor what the names are for.
 * Shapes follow what AWS serves: SHA-256, leaf below an intermediate below a root that an older root has cross-signed.
 */

import './reflect-metadata.ts';
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as Crypto);

/** Both kinds that AWS IoT takes and serves; P-256 is made in a millisecond, RSA 2048 takes a hundred. */
const ALGORITHMS = {
  rsa: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  ec: { name: 'ECDSA', hash: 'SHA-256', namedCurve: 'P-256' },
};
export type KeyKind = keyof typeof ALGORITHMS;

const MS_PER_DAY = 86_400_000;
/** A clock that runs behind by a day still accepts what was made just now. */
const BACKDATE_MS = MS_PER_DAY;

export interface Identity {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

export interface Subject {
  readonly name: string;
  readonly days: number;
  /** Since when it holds; a day unless given. */
  readonly backdatedDays?: number;
  /** Default RSA. */
  readonly keys?: KeyKind;
}

export type ServerSubject = Subject & { readonly names: readonly string[] };

async function createKeys({ keys = 'rsa' }: Subject): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHMS[keys], true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

/** A self-signed root. */
export async function createRoot(subject: Subject): Promise<Identity> {
  const keys = await createKeys(subject);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(subject, keys),
    name: subject.name,
    keys,
    extensions: await authorityExtensions(keys.publicKey),
  });
  return { certificate, keys };
}

/** An authority below another. Given `keys`, it cross-signs an authority that exists already. */
export async function createIntermediate(issuer: Identity, subject: Subject, keys?: webcrypto.CryptoKeyPair): Promise<Identity> {
  const own = keys ?? (await createKeys(subject));
  return issue(issuer, subject, own, await authorityExtensions(own.publicKey));
}

export async function createServer(issuer: Identity, subject: ServerSubject): Promise<Identity> {
  const keys = await createKeys(subject);
  const names = subject.names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }));
  return issue(issuer, subject, keys, [
    new x509.BasicConstraintsExtension(false),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
    new x509.SubjectAlternativeNameExtension(names),
  ]);
}

/** What `CreateKeysAndCertificate` gives out: no names, digitalSignature only. Without an issuer it is self-signed. */
export async function createDevice(subject: Subject, issuer?: Identity): Promise<Identity> {
  const keys = await createKeys(subject);
  const extensions = [
    new x509.BasicConstraintsExtension(false),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
  ];
  if (issuer) return issue(issuer, subject, keys, extensions);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(subject, keys),
    name: subject.name,
    keys,
    extensions,
  });
  return { certificate, keys };
}

export function certificatePem(...chain: readonly Identity[]): string {
  return chain.map(({ certificate }) => `${certificate.toString('pem').trim()}\n`).join('');
}

/** PKCS#1 for RSA, as AWS hands device keys out: some small clients read nothing else. */
export async function keyPem(identity: Identity): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', identity.keys.privateKey);
  const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  return key.export({ type: key.asymmetricKeyType === 'rsa' ? 'pkcs1' : 'sec1', format: 'pem' });
}

async function issue(issuer: Identity, subject: Subject, keys: webcrypto.CryptoKeyPair, extensions: x509.Extension[]): Promise<Identity> {
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(subject, issuer.keys),
    subject: subject.name,
    issuer: issuer.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    extensions: [...extensions, await x509.AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey)],
  });
  return { certificate, keys };
}

async function authorityExtensions(publicKey: CryptoKey): Promise<x509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature, true),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
}

function common(subject: Subject, signer: webcrypto.CryptoKeyPair) {
  const now = Date.now();
  // RFC 5280 section 4.1.2.2: a positive integer of at most 20 bytes. A leading byte of 0x01 to 0x7f keeps it positive.
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x01;
  return {
    serialNumber: serial.toString('hex'),
    notBefore: new Date(now - (subject.backdatedDays === undefined ? BACKDATE_MS : subject.backdatedDays * MS_PER_DAY)),
    notAfter: new Date(now + subject.days * MS_PER_DAY),
    signingAlgorithm: signer.privateKey.algorithm.name === ALGORITHMS.ec.name ? ALGORITHMS.ec : ALGORITHMS.rsa,
  };
}
