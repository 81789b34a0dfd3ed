/**
 * What signatures in a query and in a header have in common: scope, date, and the signature itself. SigV4 signing process, General Reference.
 */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { SigningKey } from './access-keys.ts';

export const ALGORITHM = 'AWS4-HMAC-SHA256';
const EXPIRES_MAX_SECONDS = 604_800;

export interface VerifyContext {
  readonly nowMs: number;
  readonly skewMs: number;
  readonly region: string;
  readonly host: string;
  findKey(accessKeyId: string): SigningKey | undefined;
}

export type Verified = { readonly ok: true; readonly key: SigningKey } | Refused;
export interface Refused {
  readonly ok: false;
  readonly type: string;
  readonly message: string;
}

export interface Auth {
  readonly accessKeyId: string;
  readonly scopeDate: string;
  readonly region: string;
  readonly service: string;
  readonly terminator: string;
  readonly date: string;
  readonly expires: string | undefined;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

export function checkScope(auth: Auth, context: VerifyContext, services: readonly string[]): Refused | undefined {
  if (auth.terminator !== 'aws4_request') return refuse('InvalidSignatureException', "Credential should be scoped with 'aws4_request'.");
  if (auth.region !== context.region)
    return refuse('InvalidSignatureException', `Credential should be scoped to region ${context.region}.`);
  if (!services.includes(auth.service)) {
    return refuse('InvalidSignatureException', `Credential should be scoped to service '${services.join("' or '")}'.`);
  }
  return undefined;
}

export function checkDate(auth: Auth, context: VerifyContext): Refused | undefined {
  const match = /^([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z$/.exec(auth.date);
  if (!match) return refuse('IncompleteSignatureException', 'X-Amz-Date must be YYYYMMDDTHHMMSSZ.');
  const [, year, month, day, hour, minute, second] = match.map(Number);
  const signedAtMs = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  if (auth.scopeDate !== auth.date.slice(0, 8))
    return refuse('InvalidSignatureException', 'Date in Credential scope does not match X-Amz-Date.');

  // A longer X-Amz-Expires does not prolong a URL here: seen on AWS, aws-sdk-js issue 2254. A shorter one ends it earlier.
  if (auth.expires !== undefined) {
    const seconds = /^[0-9]{1,6}$/.test(auth.expires) ? Number(auth.expires) : 0;
    if (seconds < 1 || seconds > EXPIRES_MAX_SECONDS) return refuse('IncompleteSignatureException', 'X-Amz-Expires must be 1 to 604800.');
    if (context.nowMs > signedAtMs + seconds * 1_000) return refuse('InvalidSignatureException', `Signature expired: ${auth.date}.`);
  }
  const offMs = context.nowMs - signedAtMs;
  if (offMs > context.skewMs) return refuse('InvalidSignatureException', `Signature expired: ${auth.date} is no longer current.`);
  if (-offMs > context.skewMs)
    return refuse('InvalidSignatureException', `Signature not yet current: ${auth.date} is still later than now.`);
  return undefined;
}

export function sign(key: SigningKey, auth: Auth, canonicalRequest: string): string {
  const scope = [auth.scopeDate, auth.region, auth.service, auth.terminator];
  const hash = createHash('sha256').update(canonicalRequest).digest('hex');
  const signingKey = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${key.secretAccessKey}`);
  return hmac(signingKey, [ALGORITHM, auth.date, scope.join('/'), hash].join('\n')).toString('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export function readHeaders(raw: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), raw[index + 1] ?? '']);
  }
  return headers;
}

export function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

export function refuse(type: string, message: string): Refused {
  return { ok: false, type, message };
}
