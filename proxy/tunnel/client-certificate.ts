// What a client's certificate says of it, read once from a session whose chain has been verified. `getPeerCertificate(true)` would leak
// (CVE-2025-59464), and the printed forms could be forged (CVE-2021-44531): these are parsed values.

import type { TLSSocket } from 'node:tls';
import type { ClientCertificate } from '../core/tenant.ts';
import { subjectNames } from '../policy/subject-names.ts';

/** Null where the client has shown none. */
export function clientCertificateOf(socket: TLSSocket): ClientCertificate | null {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return null;
  // A subject with several common names has a list here, whatever the types say.
  const commonName: unknown = certificate.toLegacyObject().subject?.CN;
  return {
    commonName: typeof commonName === 'string' && commonName !== '' ? commonName : null,
    names: subjectNames(certificate.subjectAltName ?? ''),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** It has shown one, and that one is not to be believed. */
export function hasBadCertificate(socket: TLSSocket): boolean {
  return !socket.authorized && socket.getPeerX509Certificate() !== undefined;
}
