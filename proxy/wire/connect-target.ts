// The authority-form of a CONNECT request to the Target it asks for. RFC 9110 section 9.3.6: host and port, no default port.

import type { Target } from '../core/address.ts';
import { fault, type Parsed } from '../core/fault.ts';
import { TARGET_BYTES_MAX } from '../core/limits.ts';
import { parseAuthority } from './authority.ts';

export function parseConnectTarget(text: string): Parsed<Target> {
  if (text.length > TARGET_BYTES_MAX) return fault('TARGET_MALFORMED', `the target is longer than ${TARGET_BYTES_MAX} octets`);
  const parsed = parseAuthority(text);
  if (!parsed.ok) return fault('TARGET_MALFORMED', parsed.why);
  const { host, port, isAddress } = parsed.value;
  if (port === null) return fault('TARGET_MALFORMED', 'no port');
  if (isAddress) return fault('TARGET_NOT_ALLOWED', 'an IP address, or what a resolver may take for one, is never a target');
  return { ok: true, value: { host, port } };
}
