// Certificates of a PEM file.

import { X509Certificate } from 'node:crypto';

/** Every certificate of a PEM file, in its order; null where there is none or one does not parse. */
export function parseCertificates(pem: string): X509Certificate[] | null {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return null;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return null;
  }
}
