/** Signs `/mqtt` URLs with AWS's own signer, so that our verification is not tested against our own idea of SigV4. */

import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';

export interface SignInput {
  readonly host: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly service?: string;
  readonly date?: Date;
  readonly expiresIn?: number;
  /** Puts the token into what is signed, as presigners do by default and AWS IoT refuses. */
  readonly signsToken?: boolean;
}

export class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', typeof secret === 'string' ? secret : bytes(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(typeof data === 'string' ? data : bytes(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('a hash is used once');
  }
}

function bytes(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
}

/** The path and query of a signed upgrade, `/mqtt?X-Amz-...`. */
export async function signMqttPath(input: SignInput): Promise<string> {
  const { accessKeyId, secretAccessKey, sessionToken } = input;
  const inside = input.signsToken && sessionToken !== undefined ? { sessionToken } : {};
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey, ...inside },
    region: input.region,
    service: input.service ?? 'iotdevicegateway',
    sha256: Sha256,
  });
  const signed = await signer.presign(
    { method: 'GET', protocol: 'wss:', hostname: input.host, path: '/mqtt', headers: { host: input.host }, query: {} },
    { signingDate: input.date ?? new Date(), expiresIn: input.expiresIn ?? 300 },
  );
  const fields = Object.entries(signed.query ?? {}).map(([name, value]) => `${encode(name)}=${encode(String(value))}`);
  if (sessionToken !== undefined && !input.signsToken) fields.push(`X-Amz-Security-Token=${encode(sessionToken)}`);
  return `/mqtt?${fields.join('&')}`;
}

/** SigV4's encoding: everything but unreserved characters. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}
