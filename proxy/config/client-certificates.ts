// What client certificates are held to: CAs and revocation lists. A mistake stops the start, or keeps the last good ones: nothing is ever taken for
// good because a file could not be read (CVE-2026-27586).

import { createSecureContext } from 'node:tls';
import type { ClientCertificates } from '../core/settings.ts';
import { parseCertificates } from './pem.ts';
import { readCrls } from './crl.ts';
import type { Files } from './files.ts';
import type { Part } from './part.ts';
import type { ConfigPath, Report } from './problem.ts';
import type { TlsEntry } from './schema.ts';

const CA: ConfigPath = ['tls', 'clientCa'];
const CRL: ConfigPath = ['tls', 'crl'];

/** Null where no client is asked for a certificate, and where something is wrong with the files; it is reported then. */
export function readClients(entry: Part<TlsEntry>['entry'], files: Files, report: Report, nowMs: number): ClientCertificates | null {
  if (entry.clientCa === undefined) {
    if (entry.crl !== undefined) report.problemAtKey(CRL, 'needs tls.clientCa');
    if (entry.clientCertificates === 'request') report.problemAtKey(['tls', 'clientCertificates'], 'needs tls.clientCa');
    return null;
  }
  const caPem = files.read(entry.clientCa, CA);
  const crlPem = entry.crl === undefined ? null : files.read(entry.crl, CRL);
  const isCaGood = caPem !== null && judgeCas(caPem, report, nowMs);
  const isCrlGood = crlPem === null || judgeCrls(crlPem, report, nowMs);
  if (!isCaGood || !isCrlGood) return null;
  return { caPem, crlPem, isRequired: entry.clientCertificates !== 'request' };
}

function judgeCas(pem: string, report: Report, nowMs: number): boolean {
  const certificates = parseCertificates(pem);
  if (certificates === null) {
    report.problem(CA, 'not certificates in PEM');
    return false;
  }
  const [first] = certificates;
  if (certificates.length === 1 && first !== undefined && first.validToDate.getTime() < nowMs) {
    report.problem(CA, `the CA expired on ${day(first.validToDate)}: it would refuse every client`);
  }
  for (const one of certificates) if (!one.ca) report.warning(CA, 'one of the certificates is not that of a CA: no client can hang on it');
  return true;
}

function judgeCrls(pem: string, report: Report, nowMs: number): boolean {
  const lists = readCrls(pem);
  if (lists === null) {
    report.problem(CRL, 'not a revocation list in PEM');
    return false;
  }
  try {
    createSecureContext({ crl: pem });
  } catch {
    report.problem(CRL, 'OpenSSL does not take the revocation list');
    return false;
  }
  for (const { nextUpdateMs } of lists) {
    if (nextUpdateMs !== null && nextUpdateMs < nowMs) {
      report.warning(
        CRL,
        `the revocation list was good until ${day(new Date(nextUpdateMs))}: every client of its CA is refused until there is a new one`,
      );
    }
  }
  return true;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
