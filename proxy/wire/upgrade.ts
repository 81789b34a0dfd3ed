// A WebSocket upgrade on one of our gateway names (RFC 6455 section 4.2.1) to what goes upstream: the path with its query byte for
// byte, and a fresh list of fields. Where it goes is not in here: the gateway's endpoint is pinned, no field of a head can move it.

import { fault, type FaultCode, type Parsed } from '../core/fault.ts';
import { parseAuthority } from './authority.ts';
import { checkHeadForm, hasConnectionOption } from './head-form.ts';
import { fieldValues, type RequestHead } from './request-head.ts';
import { upstreamFields } from './upgrade-fields.ts';

export interface Upgrade {
  /** `/mqtt` with its query, byte for byte: SigV4 signed it. */
  readonly path: string;
  /** In the order and spelling to send; the caller puts Host in front. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

export interface GatewayRules {
  /** Our name that agents dial. */
  readonly name: string;
  /** The data host behind it: agents sign SigV4 for that name, so it may come as Host. */
  readonly targetHost: string;
  /** Origins that may come besides our own name's; compared exactly. */
  readonly origins: readonly string[];
}

/** A fault may carry the status 426, whose reply says which upgrade is served. */
export type UpgradeResult =
  | { readonly ok: true; readonly value: Upgrade }
  | { readonly ok: false; readonly code: FaultCode; readonly why: string; readonly status?: 426 };

const PATH = '/mqtt';
/** Base64 of 16 octets. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;
const OWN_ORIGIN_SCHEME = 'https://';

/** In this order: method, form, path (a browser that strays here is told 404, not 426), handshake, Host, Origin. */
export function checkUpgrade(head: RequestHead, gateway: GatewayRules): UpgradeResult {
  if (head.method !== 'GET') return fault('METHOD_NOT_ALLOWED', 'not GET');
  const form = checkHeadForm(head);
  if (!form.ok) return form;
  const target = checkTarget(head.target);
  if (!target.ok) return target;
  return (
    faultInWebSocket(head) ??
    faultInHost(form.value, gateway) ??
    faultInOrigin(head, gateway) ?? { ok: true, value: { path: head.target, fields: upstreamFields(head) } }
  );
}

function checkTarget(target: string): Parsed<null> {
  if (target.includes('://') && !target.startsWith('/')) return fault('METHOD_NOT_ALLOWED', 'absolute-form');
  // `.evil.test/mqtt` and `:22/mqtt` would lengthen a name or change a port wherever strings are put together.
  if (!target.startsWith('/')) return fault('HEAD_MALFORMED', 'a target that does not begin with a slash');
  const query = target.indexOf('?');
  if ((query < 0 ? target : target.slice(0, query)) !== PATH) return fault('NOT_FOUND', `not ${PATH}`);
  // RFC 9112 section 3.2.1: a target has no fragment (CVE-2023-45539 was one taken for part of the path).
  return target.includes('#') ? fault('HEAD_MALFORMED', 'a fragment in the target') : { ok: true, value: null };
}

type UpgradeFault = Extract<UpgradeResult, { ok: false }>;

function invalid(why: string): UpgradeFault {
  return { ok: false, code: 'UPGRADE_INVALID', why };
}

function required(why: string): UpgradeFault {
  return { ok: false, code: 'UPGRADE_INVALID', why, status: 426 };
}

function faultInWebSocket(head: RequestHead): UpgradeFault | null {
  if (head.version !== '1.1') return invalid('an upgrade in HTTP/1.0');
  const upgrades = fieldValues(head, 'upgrade');
  if (upgrades.length === 0) return required('no upgrade is asked for');
  if (upgrades.length > 1 || upgrades[0]?.toLowerCase() !== 'websocket') return invalid('an upgrade to something else than websocket');
  if (!hasConnectionOption(head, 'upgrade')) return invalid('Connection does not name the upgrade');
  const keys = fieldValues(head, 'sec-websocket-key');
  if (keys.length !== 1 || !KEY.test(keys[0] ?? '')) return invalid('not one Sec-WebSocket-Key of 16 octets');
  const versions = fieldValues(head, 'sec-websocket-version');
  if (versions.length !== 1 || versions[0] !== '13') return required('not one Sec-WebSocket-Version of 13');
  return fieldValues(head, 'authorization').length > 1 ? invalid('two Authorization fields') : null;
}

function faultInHost(host: string | null, gateway: GatewayRules): UpgradeFault | null {
  const parsed = parseAuthority(host ?? '');
  if (!parsed.ok) return fault('HEAD_MALFORMED', 'a Host that is not a name with or without a port');
  // Any port: behind a forwarded one, the client names what it dialled. It is read by nobody.
  const isOurs = parsed.value.host === gateway.name || parsed.value.host === gateway.targetHost;
  return isOurs ? null : fault('TARGET_NOT_ALLOWED', 'Host is neither this gateway nor its endpoint');
}

/** Browsers always send an Origin, agents mostly none; Paho sends `https://NAME:PORT` of what it dials. */
function faultInOrigin(head: RequestHead, gateway: GatewayRules): UpgradeFault | null {
  const origins = fieldValues(head, 'origin');
  if (origins.length > 1) return fault('HEAD_MALFORMED', 'two Origin fields');
  const [origin] = origins;
  if (origin === undefined || gateway.origins.includes(origin) || isOwnOrigin(origin, gateway.name)) return null;
  return fault('ORIGIN_NOT_ALLOWED', 'an Origin that is not listed');
}

function isOwnOrigin(origin: string, name: string): boolean {
  if (!origin.startsWith(OWN_ORIGIN_SCHEME)) return false;
  const parsed = parseAuthority(origin.slice(OWN_ORIGIN_SCHEME.length));
  return parsed.ok && parsed.value.host === name;
}
