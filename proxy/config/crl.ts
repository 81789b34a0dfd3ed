// When a revocation list is out of date: the one thing that OpenSSL says only to clients, by refusing all of them (RFC 5280 section 5.1).

import { type Der, derElements } from './der.ts';

export interface Crl {
  /** By the wall clock; null where the list does not say. */
  readonly nextUpdateMs: number | null;
}

const SEQUENCE = 0x30;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/** Every list of a PEM file; null where there is none, or one cannot be read. */
export function readCrls(pem: string): Crl[] | null {
  const blocks = pem.match(/-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g) ?? [];
  const lists = blocks.map((block) => readCrl(Buffer.from(block.replace(/-----[^-]*-----/g, ''), 'base64')));
  const good = lists.filter((list) => list !== null);
  return good.length === 0 || good.length < lists.length ? null : good;
}

/** TBSCertList: version, signature, issuer, thisUpdate, nextUpdate if there is one, and more. */
function readCrl(der: Buffer): Crl | null {
  const list = derElements(der)?.[0];
  const signed = list?.tag === SEQUENCE ? derElements(list.value)?.[0] : undefined;
  const fields = signed?.tag === SEQUENCE ? derElements(signed.value) : null;
  if (!fields) return null;
  const times = fields.filter(({ tag }) => tag === UTC_TIME || tag === GENERALIZED_TIME);
  const [thisUpdate, nextUpdate] = times;
  if (!thisUpdate) return null;
  return { nextUpdateMs: nextUpdate ? timeOf(nextUpdate) : null };
}

/** RFC 5280 section 5.1.2.4: seconds, and Z; years of UTCTime below 50 are of this century. */
function timeOf({ tag, value }: Der): number | null {
  const text = value.toString('latin1');
  const whole = tag === UTC_TIME ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text;
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(whole) ?? [];
  return year === undefined ? null : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
