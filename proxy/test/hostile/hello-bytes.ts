// ClientHellos to order, well-formed or not: TLS records around a handshake message around extensions, each length open to a lie.

export interface HelloPlan {
  /** Null sends no server_name at all. */
  readonly sni?: string | null;
  /** The inside of the server_name list, instead of `sni`. */
  readonly names?: readonly (readonly [type: number, name: string])[];
  readonly alpn?: readonly string[];
  /** Supported versions; null sends no such extension. */
  readonly versions?: readonly number[] | null;
  readonly legacyVersion?: number;
  /** Whole extensions to append, already without type and length. */
  readonly extra?: readonly (readonly [type: number, data: Buffer])[];
  /** False leaves the block of extensions out altogether. */
  readonly extensions?: boolean;
  readonly cipherSuites?: readonly number[];
  readonly sessionId?: Buffer;
}

export const GREASE = 0x0a0a;
/** Every hello from here has this random: upstreams of the tests know them by it. */
export const HANDMADE_RANDOM: Buffer = Buffer.alloc(32, 9);

export function u16Bytes(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

/** Data behind its length in so many octets; `lie` is added to the length. */
export function vector(octets: 1 | 2 | 3, data: Buffer, lie = 0): Buffer {
  const length = Buffer.alloc(octets);
  length.writeUIntBE(data.length + lie, 0, octets);
  return Buffer.concat([length, data]);
}

export function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([u16Bytes(type), vector(2, data)]);
}

export function serverNames(names: readonly (readonly [type: number, name: string])[]): Buffer {
  return vector(
    2,
    Buffer.concat(names.map(([type, name]) => Buffer.concat([Buffer.from([type]), vector(2, Buffer.from(name, 'latin1'))]))),
  );
}

export function protocols(names: readonly string[]): Buffer {
  return vector(2, Buffer.concat(names.map((name) => vector(1, Buffer.from(name, 'latin1')))));
}

/** The extensions that a plan asks for, in the order: name, versions, protocols, extra. */
export function extensionsOf(plan: HelloPlan): Buffer {
  const { sni = null, versions = [0x0304, 0x0303], alpn, extra = [] } = plan;
  const names = plan.names ?? (sni === null ? null : [[0, sni] as const]);
  const list: Buffer[] = [];
  if (names) list.push(extension(0, serverNames(names)));
  if (versions) list.push(extension(43, vector(1, Buffer.concat(versions.map(u16Bytes)))));
  if (alpn) list.push(extension(16, protocols(alpn)));
  for (const [type, data] of extra) list.push(extension(type, data));
  return Buffer.concat(list);
}

/** The inside of the handshake message, up to the extensions. */
export function helloBody(plan: HelloPlan, extensions: Buffer): Buffer {
  const { legacyVersion = 0x0303, sessionId = Buffer.alloc(32, 7), cipherSuites = [0x1301, 0xc02f] } = plan;
  return Buffer.concat([
    u16Bytes(legacyVersion),
    HANDMADE_RANDOM,
    vector(1, sessionId),
    vector(2, Buffer.concat(cipherSuites.map(u16Bytes))),
    vector(1, Buffer.from([0])),
    extensions,
  ]);
}

/** A ClientHello message: type, length, body. `lie` is added to the length. */
export function helloMessage(plan: HelloPlan, lie = 0): Buffer {
  const extensions = plan.extensions === false ? Buffer.alloc(0) : vector(2, extensionsOf(plan));
  return handshake(1, helloBody(plan, extensions), lie);
}

export function handshake(type: number, body: Buffer, lie = 0): Buffer {
  return Buffer.concat([Buffer.from([type]), vector(3, body, lie)]);
}

export function record(type: number, payload: Buffer, version = 0x0301): Buffer {
  return Buffer.concat([Buffer.from([type]), u16Bytes(version), vector(2, payload)]);
}

/** The message in handshake records of at most `size` octets each. */
export function records(message: Buffer, size = 16_384): Buffer {
  const list: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) list.push(record(22, message.subarray(at, at + size)));
  return Buffer.concat(list);
}

/** One ClientHello in as few records as it takes. */
export function hello(plan: HelloPlan): Buffer {
  return records(helloMessage(plan));
}

/** The plan with a padding extension (RFC 7685), so that the message is of exactly `length` octets. */
export function paddedMessage(plan: HelloPlan, length: number): Buffer {
  const bare = helloMessage({ ...plan, extra: [...(plan.extra ?? []), [21, Buffer.alloc(0)]] });
  if (bare.length > length) throw new Error(`a hello of ${bare.length} octets cannot be padded to ${length}`);
  return helloMessage({ ...plan, extra: [...(plan.extra ?? []), [21, Buffer.alloc(length - bare.length)]] });
}
