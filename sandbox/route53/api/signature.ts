// Verifies the SigV4 header of a request (AWS General Reference, Signature Version 4). Pure: request in, key or refusal out.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { SKEW_MS } from '../limits.ts';
import { ApiError } from './api-error.ts';

export interface SignedRequest {
  readonly method: string;
  /** As received, percent-encoding untouched. */
  readonly rawPath: string;
  readonly rawQuery: string;
  /** By lower-case name; what came several times is joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AccessKey {
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** `route53:` actions that it may do; everything where not given. */
  readonly allow?: readonly string[];
}

export type AccessKeys = Readonly<Record<string, AccessKey>>;

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SERVICE = 'route53';

/** Throws what AWS would answer. */
export function verifySignature(request: SignedRequest, keys: AccessKeys, nowMs: number): AccessKey {
  const { headers } = request;
  const authorization = headers['authorization'];
  if (authorization === undefined) throw new ApiError('MissingAuthenticationToken', 'Missing Authentication Token');
  const auth = readAuthorization(authorization);
  const date = headers['x-amz-date'] ?? '';
  if (auth === null || !/^\d{8}T\d{6}Z$/.test(date))
    throw new ApiError('IncompleteSignature', 'Authorization header requires existence of either a X-Amz-Date or a Date header.');

  const [accessKeyId = '', scopeDate = '', region = '', service = '', terminator = ''] = auth.credential;
  const key = Object.hasOwn(keys, accessKeyId) ? keys[accessKeyId] : undefined;
  if (key === undefined || key.sessionToken !== headers['x-amz-security-token'])
    throw new ApiError('InvalidClientTokenId', 'The security token included in the request is invalid.');
  if (service !== SERVICE || terminator !== 'aws4_request' || scopeDate !== date.slice(0, 8))
    throw new ApiError('SignatureDoesNotMatch', `Credential should be scoped to correct service: '${SERVICE}'.`);
  const offMs = Math.abs(nowMs - Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z')));
  if (!(offMs <= SKEW_MS)) throw new ApiError('SignatureDoesNotMatch', `Signature not yet current or expired: ${date}`);
  const missing = ['host', 'x-amz-date'].find((name) => !auth.signedHeaders.includes(name));
  if (missing !== undefined) throw new ApiError('SignatureDoesNotMatch', `'${missing}' must be a 'SignedHeader' in the AWS Authorization.`);

  const scope = [scopeDate, region, service, terminator];
  const text = [ALGORITHM, date, scope.join('/'), sha256(canonicalRequest(request, auth.signedHeaders))].join('\n');
  const signingKey = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${key.secretAccessKey}`);
  if (!isSame(hmac(signingKey, text).toString('hex'), auth.signature))
    throw new ApiError('SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided.');
  return key;
}

interface Authorization {
  readonly credential: readonly string[];
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

function readAuthorization(text: string): Authorization | null {
  const match = /^AWS4-HMAC-SHA256 Credential=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{64})$/.exec(text);
  if (match === null) return null;
  const [, credential = '', signedHeaders = '', signature = ''] = match;
  return { credential: credential.split('/'), signedHeaders: signedHeaders.split(';'), signature };
}

/** The path is encoded once more for every service but S3. */
function canonicalRequest({ method, rawPath, rawQuery, headers, body }: SignedRequest, signedHeaders: readonly string[]): string {
  const path = rawPath.split('/').map(encode).join('/');
  const query = rawQuery
    .split('&')
    .filter((field) => field !== '')
    .map((field) => (field.includes('=') ? field : `${field}=`))
    .sort()
    .join('&');
  const lines = signedHeaders.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ {2,}/g, ' ')}\n`);
  return [method, path, query, lines.join(''), signedHeaders.join(';'), sha256(body)].join('\n');
}

/** RFC 3986: what encodeURIComponent leaves alone is too much for SigV4. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function isSame(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
