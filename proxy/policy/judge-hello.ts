// Does the inner ClientHello agree with what was asked for? AWS picks the account by SNI, so a tunnel to our own endpoint's
// address with another account's name in it would carry data out through us.

import type { FaultCode } from '../core/fault.ts';
import type { CheckMode, PolicySettings } from '../core/settings.ts';
import type { ClientHello } from '../wire/client-hello.ts';
import { asciiLower } from './ascii.ts';

/** Everything that AWS IoT serves by ALPN (developer guide, "protocols"), and the two that HTTPS clients offer unasked. */
export const ALLOWED_ALPN: ReadonlySet<string> = new Set(['x-amzn-mqtt-ca', 'mqtt', 'x-amzn-http-ca', 'http/1.1', 'h2']);

/** No hello could be read: what came is no ClientHello (`HELLO_MALFORMED`), or it came too late (`HELLO_TIMEOUT`). */
export interface HelloFault {
  readonly code: FaultCode;
}

export interface HelloVerdict {
  readonly deny: FaultCode | null;
  /** What `report` would have refused. */
  readonly wouldDeny: FaultCode[];
}

/** False only where nothing of a hello is judged: the tunnel may then carry any bytes, and nobody waits for a hello. */
export function peeks(policy: PolicySettings): boolean {
  return policy.sni !== 'off' || policy.alpn !== 'off';
}

export function judgeHello(hello: ClientHello | HelloFault, targetHost: string, policy: PolicySettings): HelloVerdict {
  const findings: { readonly code: FaultCode; readonly mode: CheckMode }[] = [];
  if ('code' in hello) {
    // What cannot be read fails every check there is, so the strictest mode counts: never a default route (CVE-2026-32305).
    findings.push({ code: hello.code, mode: strictest(policy.sni, policy.alpn) });
  } else {
    const sniFault = judgeSni(hello.sni, targetHost, policy.allowMissingSni);
    if (sniFault !== null) findings.push({ code: sniFault, mode: policy.sni });
    if (!hello.alpn.every((protocol) => ALLOWED_ALPN.has(protocol))) findings.push({ code: 'ALPN_NOT_ALLOWED', mode: policy.alpn });
  }
  return {
    deny: findings.find((finding) => finding.mode === 'enforce')?.code ?? null,
    wouldDeny: findings.filter((finding) => finding.mode === 'report').map((finding) => finding.code),
  };
}

function judgeSni(sni: string | null, targetHost: string, allowMissing: boolean): FaultCode | null {
  if (sni === null) return allowMissing ? null : 'SNI_MISSING';
  return sni === targetHost || asciiLower(sni) === targetHost ? null : 'SNI_MISMATCH';
}

function strictest(a: CheckMode, b: CheckMode): CheckMode {
  if (a === 'enforce' || b === 'enforce') return 'enforce';
  return a === 'report' || b === 'report' ? 'report' : 'off';
}
