/**
 * Verifies the SigV4 `Authorization` header of an HTTPS request to the data endpoint, as the AWS CLI and SDKs sign a publish. Pure: request
 * in, key or refusal out. Unlike in a query, the session token is a signed header.
 */

import { createHash } from 'node:crypto';
import { parseRawQuery, renderCanonicalQuery } from './query.ts';
import {
  ALGORITHM,
  type Auth,
  checkDate,
  checkScope,
  isSame,
  readHeaders,
  refuse,
  sign,
  type Verified,
  type VerifyContext,
} from './signature.ts';

/** The CLI and boto3 sign for `iotdata`; the guide names `iotdevicegateway`, and other signers take it. */
const SERVICES = ['iotdata', 'iotdevicegateway'] as const;
const TOKEN = 'x-amz-security-token';

export interface SignedRequest {
  readonly method: string;
  /** As received, percent-encoding untouched. */
  readonly rawPath: string;
  readonly rawQuery: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

export function verifyRequest(request: SignedRequest, context: VerifyContext): Verified {
  const headers = readHeaders(request.rawHeaders);
  const auth = readAuth(headers);
  if (typeof auth === 'string') return refuse('IncompleteSignatureException', auth);
  const problem = checkScope(auth, context, SERVICES) ?? checkDate(auth, context);
  if (problem) return problem;
  if (!auth.signedHeaders.includes('host')) return refuse('InvalidSignatureException', "'Host' must be a 'SignedHeader'.");

  const key = context.findKey(auth.accessKeyId);
  const isOfToken = auth.signedHeaders.includes(TOKEN) || key?.sessionToken === undefined;
  if (!key || !isOfToken || !isSame(headers.get(TOKEN)?.[0] ?? '', key.sessionToken ?? ''))
    return refuse('UnrecognizedClientException', 'The security token included in the request is invalid.');
  if (key.expiresAtMs !== undefined && context.nowMs >= key.expiresAtMs)
    return refuse('ExpiredTokenException', 'The security token included in the request is expired.');

  if (isSame(sign(key, auth, renderCanonicalRequest(request, headers, auth.signedHeaders)), auth.signature)) return { ok: true, key };
  return refuse('InvalidSignatureException', 'The request signature we calculated does not match the signature you provided.');
}

/** What the header says, or in words what is wrong with it. */
function readAuth(headers: ReadonlyMap<string, readonly string[]>): Auth | string {
  const [line = '', ...more] = headers.get('authorization') ?? [];
  const match = /^(\S+) Credential=([^, ]+), ?SignedHeaders=([^, ]+), ?Signature=([0-9a-f]+)$/.exec(line);
  if (!match || more.length > 0) return 'Authorization must hold Credential, SignedHeaders and Signature, once.';
  const [, algorithm, credential = '', signedHeaders = '', signature = ''] = match;
  if (algorithm !== ALGORITHM) return `Authorization must begin with ${ALGORITHM}.`;
  const scope = credential.split('/');
  if (scope.length !== 5) return 'Credential must be key/date/region/service/aws4_request.';
  const [accessKeyId = '', scopeDate = '', region = '', service = '', terminator = ''] = scope;
  const date = headers.get('x-amz-date')?.[0] ?? '';
  return {
    ...{ accessKeyId, scopeDate, region, service, terminator, date, signature },
    expires: undefined,
    signedHeaders: signedHeaders.split(';'),
  };
}

function renderCanonicalRequest(
  request: SignedRequest,
  headers: ReadonlyMap<string, readonly string[]>,
  signedHeaders: readonly string[],
): string {
  const { method, rawPath, rawQuery, body } = request;
  const headerLines = signedHeaders.map(
    (name) => `${name}:${(headers.get(name) ?? []).map((value) => value.trim().replace(/ {2,}/g, ' ')).join(',')}\n`,
  );
  // A path that is encoded already is encoded once more: every service but S3 does so.
  const path = rawPath.split('/').map(encode).join('/');
  const digest = createHash('sha256').update(body).digest('hex');
  return [method, path, renderCanonicalQuery(parseRawQuery(rawQuery)), headerLines.join(''), signedHeaders.join(';'), digest].join('\n');
}

/** SigV4's encoding: everything but unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
