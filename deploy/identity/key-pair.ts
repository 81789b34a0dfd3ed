// A device's key, and the request for its certificate, by openssl: the key is made where it is kept, and never sent.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Makes the key where there is none, for its owner's eyes only. Throws in words. */
export function ensureKey(path: string): void {
  if (existsSync(path)) return;
  openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', path]);
}

/** PEM, PKCS #10. */
export function certificateRequest(keyPath: string, thing: string): string {
  return openssl(['req', '-new', '-key', keyPath, '-subj', `/CN=${thing}`]);
}

function openssl(args: readonly string[]): string {
  try {
    return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const said = String(Object(error).stderr ?? '').trim();
    throw new Error(Object(error).code === 'ENOENT' ? 'openssl is not on the PATH' : `openssl: ${said}`, { cause: error });
  }
}
