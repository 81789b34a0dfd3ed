// Proxy-Authorization to a user and a token (RFC 7617), strictly: Node's own decoder takes anything for base64. Nothing of it enters a message.

import { fieldValues, type RequestHead } from './request-head.ts';

/** 63 for the id, a colon, and a token that no client cuts off; in base64. */
const ENCODED_MAX = 1_024;

export type Credentials =
  | { readonly kind: 'none' }
  /** Another scheme, or nothing that could be read. */
  | { readonly kind: 'invalid' }
  | { readonly kind: 'basic'; readonly user: string; readonly token: Buffer };

const NONE: Credentials = { kind: 'none' };
const INVALID: Credentials = { kind: 'invalid' };
/** The scheme's case is the client's choice (RFC 9110 section 11.1): PySocks writes it small. */
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;
const COLON = 0x3a;

/** The head's form has been checked: the field is there once at most. */
export function readCredentials(head: RequestHead): Credentials {
  const [value] = fieldValues(head, 'proxy-authorization');
  if (value === undefined) return NONE;
  const encoded = BASIC.exec(value)?.[1];
  if (encoded === undefined || encoded.length > ENCODED_MAX) return INVALID;
  const bytes = Buffer.from(encoded, 'base64');
  // One spelling for each: bits that are left over have to be zero (RFC 4648 section 3.5).
  if (bytes.toString('base64') !== encoded) return INVALID;
  const colon = bytes.indexOf(COLON);
  if (colon < 1) return INVALID;
  return { kind: 'basic', user: bytes.toString('latin1', 0, colon), token: bytes.subarray(colon + 1) };
}
