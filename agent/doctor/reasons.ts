// Pinhole's reasons (docs/reasons.md) as causes. The doctor's own reading of the documented codes; a test holds it to the page.

import type { CauseId } from './causes.ts';
import type { Sight } from './sight.ts';

/** `upstream` stands for AWS or one node, which the other nodes' answers tell apart. */
const CAUSE_OF_REASON: Readonly<Record<string, CauseId | 'upstream'>> = {
  HEAD_MALFORMED: 'request-wrong',
  HEAD_TOO_LARGE: 'request-wrong',
  HEAD_TIMEOUT: 'request-wrong',
  METHOD_NOT_ALLOWED: 'door-off',
  NOT_FOUND: 'door-off',
  TARGET_MALFORMED: 'request-wrong',
  HOST_MISMATCH: 'request-wrong',
  UPGRADE_INVALID: 'request-wrong',
  ORIGIN_NOT_ALLOWED: 'request-wrong',
  AUTH_REQUIRED: 'login-missing',
  AUTH_INVALID: 'login-wrong',
  CERTIFICATE_INVALID: 'login-wrong',
  SOURCE_NOT_ALLOWED: 'source-refused',
  TARGET_NOT_ALLOWED: 'not-listed',
  PORT_NOT_ALLOWED: 'not-listed',
  ADDRESS_NOT_ALLOWED: 'node-cannot-reach',
  RESOLVE_FAILED: 'upstream',
  RESOLVE_TIMEOUT: 'upstream',
  DIAL_REFUSED: 'upstream',
  DIAL_FAILED: 'upstream',
  DIAL_TIMEOUT: 'upstream',
  UPSTREAM_TLS_FAILED: 'upstream',
  UPSTREAM_CLOSED: 'upstream',
  UPGRADE_TIMEOUT: 'upstream',
  TENANT_TUNNELS_FULL: 'limited',
  TENANT_RATE_LIMITED: 'limited',
  SOURCE_LIMITED: 'source-limited',
  NODE_FULL: 'limited',
  NODE_RATE_LIMITED: 'limited',
  PORTS_EXHAUSTED: 'limited',
  DRAINING: 'draining',
  INTERNAL: 'proxy-fault',
};

/** Null where Pinhole has no such reason. */
export function causeOfReason(code: string, all: readonly Sight[]): CauseId | null {
  const cause = Object.hasOwn(CAUSE_OF_REASON, code) ? CAUSE_OF_REASON[code] : undefined;
  if (cause !== 'upstream') return cause ?? null;
  return all.some(({ check, trouble, skipped }) => check === 'aws-tls' && trouble === null && skipped === undefined)
    ? 'node-cannot-reach'
    : 'aws-away';
}
