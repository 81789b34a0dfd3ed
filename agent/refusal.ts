// A refusal of the proxy, on CONNECT or on the gateway, as a failure that says who can mend it. Pure.
// The agent judges the wire, so this is its own reading of the proxy's documented reasons (docs/reasons.md), not the proxy's table.

import { AgentFailure, type Fixer } from './failure.ts';

export interface Refusal {
  readonly status: number;
  readonly phrase: string;
  /** `Pinhole-Reason` and `Pinhole-Request`; absent where it was not Pinhole that answered. */
  readonly reason: string | undefined;
  readonly request: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly body: string;
}

/** The reasons that a device meets, and the next step for each. */
const NEXT_STEP: Readonly<Record<string, readonly [Fixer, string]>> = {
  TARGET_NOT_ALLOWED: ['operator', 'the endpoint is not on the list; check --endpoint, then have it listed'],
  PORT_NOT_ALLOWED: ['operator', 'only 443 is open unless the endpoint lists more ports'],
  ADDRESS_NOT_ALLOWED: ['operator', 'the endpoint resolves to an address that the proxy may not dial'],
  AUTH_REQUIRED: ['device', 'give credentials: --proxy http://TENANT:TOKEN@HOST:PORT, or a client certificate'],
  AUTH_INVALID: ['device', 'the tenant or the token in --proxy is wrong, or was rotated'],
  SOURCE_NOT_ALLOWED: ['operator', "the site's public address is not among the tenant's sources"],
  CERTIFICATE_INVALID: ['device', 'the client certificate for the proxy is not acceptable'],
  TENANT_TUNNELS_FULL: ['operator', 'the tenant has as many tunnels as it may have'],
  TENANT_RATE_LIMITED: ['operator', 'the tenant opens tunnels too fast; the agent comes back by itself'],
  SOURCE_LIMITED: ['site', 'too many refused or unfinished connections from this site'],
  HOST_MISMATCH: ['device', 'the Host field names neither the target nor the proxy'],
  ORIGIN_NOT_ALLOWED: ['operator', 'the Origin of the upgrade is not on the list of the gateway'],
  DRAINING: ['operator', 'the node is being drained; the agent goes elsewhere by itself'],
};

export function refusalFailure(refusal: Refusal): AgentFailure {
  const { status, phrase, reason, request, retryAfterMs } = refusal;
  if (reason === undefined) return foreignFailure(refusal);

  const [fixer, hint] =
    NEXT_STEP[reason] ??
    (status >= 500 ? (['operator', 'ask with the request id'] as const) : (['device', 'docs/reasons.md explains this reason'] as const));
  const message = messageIn(refusal.body);
  const detail = `${status} ${phrase}${message ? `: ${message}` : ''}`;
  return new AgentFailure({ leg: 'proxy-answer', code: reason, fixer, detail, hint, status, request, retryAfterMs });
}

/** Somebody else's proxy answered: one of the site's, between the device and us. */
function foreignFailure({ status, phrase, retryAfterMs }: Refusal): AgentFailure {
  const isLogin = status === 407;
  return new AgentFailure({
    leg: 'proxy-answer',
    code: `HTTP_${status}`,
    fixer: isLogin ? 'device' : 'site',
    detail: `${status} ${phrase}, and it was not Pinhole that answered`,
    hint: isLogin ? 'that proxy wants credentials' : 'another proxy stands between this device and Pinhole, or --proxy names the wrong one',
    status,
    retryAfterMs,
  });
}

function messageIn(body: string): string | null {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null || !('message' in parsed)) return null;
    return typeof parsed.message === 'string' ? parsed.message.slice(0, 200) : null;
  } catch {
    return null;
  }
}
