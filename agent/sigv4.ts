// The presigned URL with which a device opens MQTT over WebSocket at AWS IoT: SigV4 in the query, service `iotdevicegateway`.
// AWS refuses a URL in which the session token was signed too: it is appended after the signature (AWS IoT Developer Guide, protocols).

import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface MqttRequest {
  /** The data endpoint: the signature is for its name, whatever the proxy or the gateway is called. */
  readonly host: string;
  readonly region: string;
  readonly credentials: AwsCredentials;
  readonly atMs: number;
}

/** A URL is used within seconds of being signed; AWS ignores longer wishes anyway (426 after some minutes). */
const EXPIRES_S = 300;

/** `/mqtt?X-Amz-...`, ready for the request line. */
export async function presignMqttPath({ host, region, credentials, atMs }: MqttRequest): Promise<string> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signer = new SignatureV4({ service: 'iotdevicegateway', region, credentials: { accessKeyId, secretAccessKey }, sha256: Sha256 });
  const request = { method: 'GET', protocol: 'wss:', hostname: host, path: '/mqtt', query: {}, headers: { host } };
  const signed = await signer.presign(request, { signingDate: new Date(atMs), expiresIn: EXPIRES_S });
  const query = Object.entries(signed.query ?? {}).map(([name, value]) => `${encode(name)}=${encode(String(value))}`);
  if (sessionToken !== undefined) query.push(`X-Amz-Security-Token=${encode(sessionToken)}`);
  return `/mqtt?${query.join('&')}`;
}

/** RFC 3986: what encodeURIComponent leaves alone is too much for SigV4. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The signer wants a hash with this shape; node:crypto has one. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', toBuffer(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(toBuffer(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    throw new Error('a hash is used once');
  }
}

function toBuffer(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}

/**
 * The region that an AWS IoT endpoint's name carries, or null (a custom domain has none): `PREFIX-ats.iot.REGION.amazonaws.com`,
 * `PREFIX.ats.iot.cn-north-1.amazonaws.com.cn` (Beijing), `data.iot-fips.REGION...`, `data-ats.iot.REGION.api.aws`.
 */
export function regionOf(host: string): string | null {
  return (
    /\.iot(?:-fips)?\.([a-z]{2,4}(?:-[a-z]+)+-[0-9]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)$/.exec(
      host,
    )?.[1] ?? null
  );
}
