/**
 * Verifies the SigV4 query of a `/mqtt` upgrade. Pure: request in, key or refusal out.
 * AWS IoT's own rule (guide, "IAM users, groups, and roles"): the session token is not part of the canonical query; it is
 * appended after signing. The service is `iotdevicegateway`, the payload is empty.
 */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { SigningKey } from './access-keys.ts';
import { decodeValue, parseRawQuery, type QueryField, renderCanonicalQuery } from './query.ts';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SERVICE = 'iotdevicegateway';
const EXPIRES_MAX_SECONDS = 604_800;
const TOKEN = 'X-Amz-Security-Token';
const SIGNATURE = 'X-Amz-Signature';
const FIELDS = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-SignedHeaders', SIGNATURE] as const;

export interface UpgradeRequest {
  readonly method: string;
  /** As received, percent-encoding untouched. */
  readonly rawPath: string;
  readonly rawQuery: string;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
}

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

export function verifyUpgrade(request: UpgradeRequest, context: VerifyContext): Verified {
  const fields = parseRawQuery(request.rawQuery);
  const auth = readAuth(fields);
  if (typeof auth === 'string') return refuse('IncompleteSignatureException', auth);

  const problem = checkScope(auth, context) ?? checkDate(auth, context);
  if (problem) return problem;

  const headers = readHeaders(request.rawHeaders);
  const host = headers.get('host') ?? [];
  if (host.length !== 1 || host[0]?.toLowerCase().replace(/:[0-9]+$/, '') !== context.host) {
    return refuse('ForbiddenException', 'The Host header does not name this endpoint.');
  }
  if (!auth.signedHeaders.includes('host')) return refuse('InvalidSignatureException', "'Host' must be a 'SignedHeader'.");

  const key = context.findKey(auth.accessKeyId);
  if (!key) return refuse('UnrecognizedClientException', 'The security token included in the request is invalid.');
  const tokenProblem = checkToken(fields, key, context.nowMs);
  if (tokenProblem) return tokenProblem;

  const expected = sign(key, auth, renderCanonicalRequest(request, fields, headers, auth.signedHeaders));
  if (!isSame(expected, auth.signature)) {
    return refuse('InvalidSignatureException', 'The request signature we calculated does not match the signature you provided.');
  }
  return { ok: true, key };
}

interface Auth {
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

/** The fields of the query's authentication, or in words what is wrong with them. */
function readAuth(fields: readonly QueryField[]): Auth | string {
  const value = (name: string) => {
    const found = fields.filter((field) => decodeValue(field.name) === name);
    return found.length === 1 ? decodeValue(found[0]?.value ?? '') : undefined;
  };
  const missing = FIELDS.find((name) => !value(name));
  if (missing) return `The query string must contain ${missing} exactly once.`;
  if (value('X-Amz-Algorithm') !== ALGORITHM) return `X-Amz-Algorithm must be ${ALGORITHM}.`;

  const scope = (value('X-Amz-Credential') ?? '').split('/');
  if (scope.length !== 5) return 'X-Amz-Credential must be key/date/region/service/aws4_request.';
  const [accessKeyId = '', scopeDate = '', region = '', service = '', terminator = ''] = scope;
  return {
    ...{ accessKeyId, scopeDate, region, service, terminator },
    date: value('X-Amz-Date') ?? '',
    expires: fields.some(({ name }) => decodeValue(name) === 'X-Amz-Expires') ? (value('X-Amz-Expires') ?? '') : undefined,
    signedHeaders: (value('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: value(SIGNATURE) ?? '',
  };
}

function checkScope(auth: Auth, context: VerifyContext): Refused | undefined {
  if (auth.terminator !== 'aws4_request') return refuse('InvalidSignatureException', "Credential should be scoped with 'aws4_request'.");
  if (auth.region !== context.region)
    return refuse('InvalidSignatureException', `Credential should be scoped to region ${context.region}.`);
  if (auth.service !== SERVICE) return refuse('InvalidSignatureException', `Credential should be scoped to service '${SERVICE}'.`);
  return undefined;
}

function checkDate(auth: Auth, context: VerifyContext): Refused | undefined {
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

function checkToken(fields: readonly QueryField[], key: SigningKey, nowMs: number): Refused | undefined {
  const sent = fields.filter(({ name }) => decodeValue(name) === TOKEN).map(({ value }) => decodeValue(value));
  const invalid = refuse('UnrecognizedClientException', 'The security token included in the request is invalid.');
  if (key.sessionToken === undefined) return sent.length === 0 ? undefined : invalid;
  if (sent.length !== 1 || !isSame(sent[0] ?? '', key.sessionToken)) return invalid;
  if (key.expiresAtMs !== undefined && nowMs >= key.expiresAtMs) {
    return refuse('ExpiredTokenException', 'The security token included in the request is expired.');
  }
  return undefined;
}

function renderCanonicalRequest(
  request: UpgradeRequest,
  fields: readonly QueryField[],
  headers: ReadonlyMap<string, readonly string[]>,
  signedHeaders: readonly string[],
): string {
  const signed = fields.filter(({ name }) => {
    const plain = decodeValue(name);
    return plain !== SIGNATURE && plain !== TOKEN;
  });
  const headerLines = signedHeaders.map((name) => {
    const values = (headers.get(name) ?? []).map((value) => value.trim().replace(/ {2,}/g, ' '));
    return `${name}:${values.join(',')}\n`;
  });
  return [
    request.method,
    request.rawPath,
    renderCanonicalQuery(signed),
    headerLines.join(''),
    signedHeaders.join(';'),
    createHash('sha256').update('').digest('hex'),
  ].join('\n');
}

function sign(key: SigningKey, auth: Auth, canonicalRequest: string): string {
  const scope = [auth.scopeDate, auth.region, auth.service, auth.terminator];
  const hash = createHash('sha256').update(canonicalRequest).digest('hex');
  const signingKey = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${key.secretAccessKey}`);
  return hmac(signingKey, [ALGORITHM, auth.date, scope.join('/'), hash].join('\n')).toString('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function readHeaders(raw: readonly string[]): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), raw[index + 1] ?? '']);
  }
  return headers;
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function refuse(type: string, message: string): Refused {
  return { ok: false, type, message };
}
