// One recorded decision before another policy: would it be another one? By the functions that decide for real; what a record does not say is not
// guessed at but given back as unknown.

import type { ReasonCode } from '../../core/fault.ts';
import type { Settings } from '../../core/settings.ts';
import { classifyAddress } from '../../policy/address-rule.ts';
import { peeks } from '../../policy/judge-hello.ts';
import { SNI_DOOR_PORT } from '../../policy/sni-route.ts';
import { TenantTable } from '../../policy/tenants.ts';
import { createExplainer } from '../../explain/explanation.ts';
import type { Question } from '../../explain/question.ts';
import type { Recorded } from './recorded.ts';

export const UNKNOWN = {
  form: 'refused for its form, or in TLS, before it was known who asks for what',
  credentials: 'what was shown to say who asks is not in a record, and was not right or might not be now',
  resolution: 'what DNS would answer is not in the record, or it was pinned before and is not now',
  hello: 'nobody looked at the hello, and now somebody would',
  moment: 'refused by a limit, or failed upstream: that is of its moment, and the policy allows it',
  summarised: 'refusals in summary lines, which do not say for what',
} as const satisfies Record<string, string>;

export type Unknown = keyof typeof UNKNOWN;

/** `same-if-proven`: where its tenant comes with its right token or certificate again. Null in place of a reason: no listener has the door. */
export type Verdict =
  | { readonly kind: 'same' | 'same-if-proven' }
  | { readonly kind: 'differs'; readonly now: ReasonCode | null }
  | { readonly kind: 'unknown'; readonly why: Unknown };

const FORM: ReadonlySet<ReasonCode> = new Set([
  ...(['PROTOCOL_UNKNOWN', 'PROXY_HEADER_INVALID', 'HEAD_MALFORMED', 'HEAD_TOO_LARGE', 'HEAD_TIMEOUT', 'METHOD_NOT_ALLOWED'] as const),
  ...(['NOT_FOUND', 'TARGET_MALFORMED', 'HOST_MISMATCH', 'UPGRADE_INVALID', 'ORIGIN_NOT_ALLOWED', 'CLIENT_GONE'] as const),
  ...(['HANDSHAKE_FAILED', 'HANDSHAKE_TIMEOUT', 'SOURCE_LIMITED'] as const),
]);

const MOMENT: ReadonlySet<ReasonCode> = new Set([
  ...(['RESOLVE_FAILED', 'RESOLVE_TIMEOUT', 'DIAL_REFUSED', 'DIAL_FAILED', 'DIAL_TIMEOUT', 'UPSTREAM_TLS_FAILED'] as const),
  ...(['UPSTREAM_CLOSED', 'UPGRADE_TIMEOUT', 'TENANT_TUNNELS_FULL', 'TENANT_RATE_LIMITED', 'NODE_FULL'] as const),
  ...(['NODE_RATE_LIMITED', 'PORTS_EXHAUSTED', 'DRAINING', 'INTERNAL'] as const),
]);

/** Refused for the hello itself, whose names are in the record. */
const READ_HELLO: ReadonlySet<ReasonCode> = new Set(['SNI_MISSING', 'SNI_MISMATCH', 'ALPN_NOT_ALLOWED']);
const BAD_HELLO: ReadonlySet<ReasonCode> = new Set(['HELLO_MALFORMED', 'HELLO_TIMEOUT']);

/** An address of these is only ever dialled because somebody has pinned it. */
const PINNED_ONLY: ReadonlySet<string> = new Set(['loopback', 'unspecified', 'link-local', 'metadata', 'multicast']);

export function createJudge(settings: Settings): (recorded: Recorded) => Verdict {
  const explain = createExplainer(settings);
  const tenants = settings.tenants && TenantTable.of(settings.tenants);
  return (recorded) => {
    if (recorded.count !== null) return unknown('summarised');
    const question = questionOf(recorded, tenants, settings);
    if (typeof question === 'string') return unknown(question);
    const { reason: now, allow, steps } = explain(question);
    if (allow) return whereAllowed(recorded, settings, tenants);
    if (now === 'ADDRESS_NOT_ALLOWED' && PINNED_ONLY.has(classifyAddress(recorded.upstreamIp ?? ''))) return unknown('resolution');
    // What is on no list, and goes to another door or to none, was refused for the same.
    const isNoDoor = now === null && recorded.door === null && steps.some(({ stage }) => stage === 'name');
    return isNoDoor || now === recorded.reason ? { kind: 'same' } : { kind: 'differs', now };
  };
}

function unknown(why: Unknown): Verdict {
  return { kind: 'unknown', why };
}

/** What `explain` would be asked, or what is not known of it. */
function questionOf(recorded: Recorded, tenants: TenantTable | null, settings: Settings): Question | Unknown {
  const { reason, clientIp, upstreamIp } = recorded;
  if (FORM.has(reason)) return 'form';
  const isStranger = reason === 'AUTH_INVALID' || reason === 'CERTIFICATE_INVALID';
  if (isStranger && (tenants !== null || reason === 'CERTIFICATE_INVALID')) return 'credentials';
  const asked = askedFor(recorded);
  if (asked === null) return 'form';
  const tenant = tenantIn(recorded, tenants);
  if (tenant === undefined) return 'credentials';
  const hello = helloIn(recorded, settings);
  return hello === null ? 'hello' : { ...asked, tenant, from: clientIp, address: upstreamIp, ...hello };
}

function askedFor({ door, host, port, sni, reason }: Recorded): Pick<Question, 'door' | 'host' | 'port'> | null {
  // A name in a hello that led to no door.
  if (door === null && sni !== null && reason === 'TARGET_NOT_ALLOWED') return { door: 'sni', host: sni, port: SNI_DOOR_PORT };
  if (door === 'gateway') return sni === null ? null : { door, host: sni, port: 443 };
  return door === null || host === null || port === null ? null : { door, host, port };
}

/** Undefined where a tenant that is gone may be another one by its source, or may not. */
function tenantIn({ tenant, door, clientIp }: Recorded, tenants: TenantTable | null): string | null | undefined {
  if (tenant === null || tenants === null || tenants.byId(tenant) !== null) return tenant;
  if (door === 'sni') return null;
  return tenants.bySource(clientIp, false) === null ? tenant : undefined;
}

/** What the hello said, or is taken to have said; null where nobody looked and now somebody would. */
function helloIn(recorded: Recorded, { policy }: Settings): Pick<Question, 'sni' | 'alpn'> | null {
  const { door, reason, sni, alpn, wouldDeny } = recorded;
  const good = { sni: undefined, alpn: [] };
  if (door === 'gateway' || door === null) return good;
  if (READ_HELLO.has(reason)) return { sni, alpn: alpn ?? [] };
  if (reason !== 'OK') return good;
  const wasRead = sni !== null || alpn !== null || wouldDeny.includes('SNI_MISSING');
  if (wasRead) return { sni, alpn: alpn ?? [] };
  // Without a name in it, or not looked at: the record is the same.
  return policy.sni !== 'off' && !policy.allowMissingSni ? null : { sni, alpn: [] };
}

/** The policy allows it; was it allowed? */
function whereAllowed({ reason, door, tenant }: Recorded, { policy }: Settings, tenants: TenantTable | null): Verdict {
  if (MOMENT.has(reason)) return unknown('moment');
  if (reason === 'ADDRESS_NOT_ALLOWED') return unknown('resolution');
  if (BAD_HELLO.has(reason) && peeks(policy) && (policy.sni === 'enforce' || policy.alpn === 'enforce')) return { kind: 'same' };
  if (reason !== 'OK') return { kind: 'differs', now: 'OK' };
  const isProven = tenant !== null && door !== 'sni' && tenants?.byId(tenant)?.hasCredential === true;
  return { kind: isProven ? 'same-if-proven' : 'same' };
}
