/**
 * Verifies the SigV4 query of a `/mqtt` upgrade. Pure: request in, key or refusal out.
 * AWS IoT's own rule (guide, "IAM users, groups, and roles"): the session token is not part of the canonical query; it is
 * appended after signing. The service is `iotdevicegateway`, the payload is empty.
 */

import { createHash } from 'node:crypto';
import type { SigningKey } from './access-keys.ts';
import { decodeValue, parseRawQuery, type QueryField, renderCanonicalQuery } from './query.ts';
import {
  ALGORITHM,
  type Auth,
  checkDate,
  checkScope,
  isSame,
  readHeaders,
  refuse,
  type Refused,
  sign,
  type Verified,
  type VerifyContext,
} from './signature.ts';

const SERVICE = 'iotdevicegateway';
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

export function verifyUpgrade(request: UpgradeRequest, context: VerifyContext): Verified {
  const fields = parseRawQuery(request.rawQuery);
  const auth = readAuth(fields);
  if (typeof auth === 'string') return refuse('IncompleteSignatureException', auth);

  const problem = checkScope(auth, context, [SERVICE]) ?? checkDate(auth, context);
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
