// A CONNECT head to the Target it asks for, or the fault in it. Form first; that an IP address is never a target comes last, so that
// a caller can ask for credentials before it says so.

import type { Target } from '../core/address.ts';
import { fault, type Parsed } from '../core/fault.ts';
import { parseAuthority } from './authority.ts';
import { parseConnectTarget } from './connect-target.ts';
import { checkHeadForm } from './head-form.ts';
import type { RequestHead } from './request-head.ts';

/** `isOurs` gets a host in lower case without port; an IP address in Node's spelling, without brackets and unmapped. */
export function checkConnect(head: RequestHead, isOurs: (host: string) => boolean): Parsed<{ readonly target: Target }> {
  if (head.method !== 'CONNECT') return fault('METHOD_NOT_ALLOWED', 'not CONNECT');
  const target = parseConnectTarget(head.target);
  if (!target.ok && target.code === 'TARGET_MALFORMED') return target;
  const form = checkHeadForm(head);
  if (!form.ok) return form;
  if (head.fields.some(([name]) => name === 'upgrade')) return fault('HEAD_MALFORMED', 'an Upgrade field on CONNECT');
  if (!target.ok) return target;
  if (form.value !== null && !hostFits(form.value, head.target, target.value, isOurs)) {
    return fault('HOST_MISMATCH', 'Host is neither the target nor one of our names');
  }
  return { ok: true, value: { target: target.value } };
}

/** Small clients leave the port out, and some (proxytunnel) send the proxy's own name or address. */
function hostFits(host: string, asked: string, target: Target, isOurs: (host: string) => boolean): boolean {
  if (host === asked) return true;
  const parsed = parseAuthority(host);
  if (!parsed.ok) return false;
  const { port } = parsed.value;
  if (parsed.value.host === target.host) return port === null || port === target.port;
  return isOurs(parsed.value.host);
}
