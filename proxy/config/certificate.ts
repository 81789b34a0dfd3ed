// Our own certificate and key: they have to parse, to belong together and to be valid now. A mistake stops the start, for a
// proxy that falls back to something else is worse than one that is down (CVE-2026-27586).

import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { TlsSettings } from '../core/settings.ts';
import { isHostName } from '../policy/endpoint-name.ts';
import type { Part } from './part.ts';
import type { Files } from './files.ts';
import type { ConfigPath, Report } from './problem.ts';
import { readClients } from './client-certificates.ts';
import { parseCertificates } from './pem.ts';
import type { TlsEntry } from './schema.ts';

const DAY_MS = 86_400_000;
const EXPIRY_WARNING_DAYS = 30;

export interface OurTls {
  readonly settings: TlsSettings;
  readonly namesFrom: 'file' | 'certificate';
  readonly certificate: X509Certificate;
}

const CERTIFICATE: ConfigPath = ['tls', 'certificate'];
const KEY: ConfigPath = ['tls', 'key'];

/** Null where anything is wrong; it is reported then. */
export function readTls({ entry }: Part<TlsEntry>, files: Files, report: Report, nowMs: number): OurTls | null {
  const certificatePem = entry.certificate === undefined ? null : files.read(entry.certificate, CERTIFICATE);
  const keyPem = entry.key === undefined ? null : files.read(entry.key, KEY);
  const certificate = certificatePem === null ? null : (parseCertificates(certificatePem)?.[0] ?? null);
  if (certificatePem !== null && certificate === null) report.problem(CERTIFICATE, 'not a certificate, with or without its chain, in PEM');
  const key = keyPem === null ? null : parseKey(keyPem, report);
  const clients = readClients(entry, files, report, nowMs);
  if (certificate !== null) judgeDates(certificate, report, nowMs);
  if (certificatePem === null || keyPem === null || certificate === null || key === null) return null;
  if (!belongTogether(certificate, certificatePem, key, keyPem, report)) return null;

  const names = entry.names ?? dnsNames(certificate);
  const settings: TlsSettings = { certificatePem, keyPem, names, minVersion: entry.minVersion ?? 'TLSv1.2', clients };
  return { settings, namesFrom: entry.names === undefined ? 'certificate' : 'file', certificate };
}

function parseKey(pem: string, report: Report): KeyObject | null {
  try {
    return createPrivateKey(pem);
  } catch {
    report.problem(
      KEY,
      pem.includes('ENCRYPTED') ? 'the private key is encrypted: give it without a passphrase' : 'not a private key in PEM',
    );
    return null;
  }
}

function judgeDates(certificate: X509Certificate, report: Report, nowMs: number): void {
  const daysLeft = (certificate.validToDate.getTime() - nowMs) / DAY_MS;
  if (daysLeft < 0) report.problem(CERTIFICATE, `the certificate expired on ${day(certificate.validToDate)}`);
  else if (daysLeft < EXPIRY_WARNING_DAYS) report.warning(CERTIFICATE, `the certificate expires on ${day(certificate.validToDate)}`);
  if (certificate.validFromDate.getTime() > nowMs) {
    report.problem(
      CERTIFICATE,
      `the certificate is not valid before ${day(certificate.validFromDate)} (this machine says ${day(new Date(nowMs))})`,
    );
  }
}

function belongTogether(certificate: X509Certificate, certificatePem: string, key: KeyObject, keyPem: string, report: Report): boolean {
  if (!certificate.checkPrivateKey(key)) {
    report.problem(KEY, 'the private key does not belong to the certificate');
    return false;
  }
  try {
    // OpenSSL also reads the chain, and refuses keys that are too short for its security level.
    createSecureContext({ cert: certificatePem, key: keyPem });
    return true;
  } catch (error) {
    report.problem(
      CERTIFICATE,
      `OpenSSL does not take the certificate and its chain (${error instanceof Error ? error.message : String(error)})`,
    );
    return false;
  }
}

/** DNS names of the subject alternative name; names that no client could send are left out. */
function dnsNames(certificate: X509Certificate): string[] {
  // Node quotes an entry that holds a comma (CVE-2021-44532), so what is split here and is a plain name was one entry.
  const names = (certificate.subjectAltName ?? '')
    .split(', ')
    .filter((entry) => entry.startsWith('DNS:'))
    .map((entry) => entry.slice('DNS:'.length).toLowerCase());
  return [...new Set(names)].filter((name) => isHostName(name.startsWith('*.') ? name.slice(2) : name));
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** A name in the file that the certificate is not for: clients that check would leave. */
export function warnOfUncoveredNames(
  tls: OurTls,
  names: readonly { readonly name: string; readonly at: ConfigPath }[],
  report: Report,
): void {
  for (const { name, at } of names) {
    const isCovered = dnsNames(tls.certificate).includes(name) || (!name.startsWith('*.') && tls.certificate.checkHost(name) !== undefined);
    if (!isCovered) report.warning(at, `the certificate is not for ${name}: clients that check it will refuse`);
  }
}
