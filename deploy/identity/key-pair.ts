// A device's key, and the request for its certificate, by openssl: the key is made where it is kept, and never sent.

import { execFileSync } from 'node:child_process';
import { existsSync, renameSync } from 'node:fs';

/** Makes the key where there is none, for its owner's eyes only. Throws in words. */
export function ensureKey(path: string): void {
  if (existsSync(path)) return;
  // Half a key would be taken for one by every run after this.
  openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${path}.new`]);
  renameSync(`${path}.new`, path);
}

/** RFC 5280 appendix A, ub-common-name. AWS IoT goes by the thing that a certificate is attached to, and not by its subject. */
const COMMON_NAME_MAX = 64;

/** PEM, PKCS #10. */
export function certificateRequest(keyPath: string, thing: string): string {
  return openssl(['req', '-new', '-key', keyPath, '-subj', `/CN=${thing.slice(0, COMMON_NAME_MAX)}`]);
}

function openssl(args: readonly string[]): string {
  try {
    return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const said = String(Object(error).stderr ?? '').trim();
    throw new Error(Object(error).code === 'ENOENT' ? 'openssl is not on the PATH' : `openssl: ${said}`, { cause: error });
  }
}
