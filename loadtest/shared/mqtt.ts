// MQTT 3.1.1 over bytes, as much of it as agents and far ends of a load run say to each other. MQTT 3.1.1 sections in brackets.
// No dependency: k6 runs this file too.

import { decodeUtf8, encodeUtf8 } from './utf8.ts';

export type Packet =
  | { readonly type: 'connect'; readonly clientId: string; readonly keepAliveSeconds: number }
  | { readonly type: 'connack'; readonly code: number }
  | { readonly type: 'subscribe'; readonly id: number; readonly topics: readonly string[] }
  | { readonly type: 'suback'; readonly id: number; readonly codes: readonly number[] }
  /** `bytes`: all of it as it came, for whoever sends it on. */
  | { readonly type: 'publish'; readonly topic: string; readonly payload: Uint8Array; readonly bytes: Uint8Array }
  | { readonly type: 'pingreq' | 'pingresp' | 'disconnect' };

export type PacketType = Packet['type'];

/** What AWS IoT takes at most. */
export const PACKET_BYTES_MAX = 128 * 1024;
/** Return codes of CONNACK [3.2.2.3]. */
export const ACCEPTED = 0;
export const UNAVAILABLE = 3;

/** First bytes of packets with their flags, which are fixed for all but PUBLISH [2.2.2]; a PUBLISH of QoS 0 has none set but RETAIN. */
const FIRST: Readonly<Record<PacketType, number>> = {
  connect: 0x10,
  connack: 0x20,
  publish: 0x30,
  subscribe: 0x82,
  suback: 0x90,
  pingreq: 0xc0,
  pingresp: 0xd0,
  disconnect: 0xe0,
};

export function encodeConnect(clientId: string, keepAliveSeconds: number): Uint8Array {
  const cleanSession = 0x02;
  return packet('connect', [...text('MQTT'), 4, cleanSession, ...short(keepAliveSeconds), ...text(clientId)]);
}

export function encodeConnack(code: number): Uint8Array {
  return packet('connack', [0, code]);
}

/** At QoS 0. */
export function encodeSubscribe(id: number, topic: string): Uint8Array {
  return packet('subscribe', [...short(id), ...text(topic), 0]);
}

export function encodeSuback(id: number, topics: number): Uint8Array {
  return packet('suback', [...short(id), ...Array.from({ length: topics }, () => 0)]);
}

/** At QoS 0. */
export function encodePublish(topic: string, payload: Uint8Array): Uint8Array {
  return packet('publish', text(topic), payload);
}

export function encodeEmpty(type: 'pingreq' | 'pingresp' | 'disconnect'): Uint8Array {
  return packet(type, []);
}

function packet(type: PacketType, body: readonly number[], payload: Uint8Array = NOTHING): Uint8Array {
  const length = body.length + payload.length;
  if (length > PACKET_BYTES_MAX) throw new Error(`an MQTT packet of ${length} bytes: AWS IoT takes ${PACKET_BYTES_MAX} at most`);
  const head = [FIRST[type], ...remainingLength(length), ...body];
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

/** Seven bits a byte, the lowest first [2.2.3]. */
function remainingLength(length: number): number[] {
  const rest = Math.floor(length / 128);
  return rest === 0 ? [length] : [(length % 128) + 128, ...remainingLength(rest)];
}

function short(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff];
}

function text(value: string): number[] {
  const bytes = encodeUtf8(value);
  return [...short(bytes.length), ...bytes];
}

/** What came of some bytes: the packets that are whole by now, and a fault where nothing can be read any more. */
export interface Decoded {
  readonly packets: readonly Packet[];
  readonly fault: string | null;
}

const NOTHING = new Uint8Array(0);

/** Reads a stream of packets however it was cut. Holds at most one packet that is not whole; after a fault it reads nothing more. */
export class PacketReader {
  #held: Uint8Array = NOTHING;
  #fault: string | null = null;

  read(chunk: Uint8Array): Decoded {
    if (this.#fault !== null) return { packets: [], fault: this.#fault };
    const bytes = this.#held.length === 0 ? chunk : joined(this.#held, chunk);
    const packets: Packet[] = [];
    let at = 0;
    for (;;) {
      const step = readPacket(bytes, at);
      if (step.kind === 'more') break;
      if (step.kind === 'fault') {
        this.#fault = step.why;
        this.#held = NOTHING;
        return { packets, fault: step.why };
      }
      packets.push(step.packet);
      at = step.end;
    }
    // A copy: the chunk may be a view of memory that its owner uses again.
    this.#held = at === bytes.length ? NOTHING : bytes.slice(at);
    return { packets, fault: null };
  }
}

type Step =
  | { readonly kind: 'more' }
  | { readonly kind: 'fault'; readonly why: string }
  | { readonly kind: 'packet'; readonly packet: Packet; readonly end: number };

function readPacket(bytes: Uint8Array, start: number): Step {
  const first = bytes[start];
  if (first === undefined) return { kind: 'more' };
  const type = TYPES.get(first & 0xf0);
  if (type === undefined) return fault(`packet type ${first >> 4} is none that is spoken here`);
  if (type === 'publish' ? (first & 0x0e) !== 0 : first !== FIRST[type]) return fault(`flags ${first & 0x0f} in a ${type}`);

  let length = 0;
  for (let at = start + 1, unit = 1; ; at++, unit *= 128) {
    const byte = bytes[at];
    if (byte === undefined) return { kind: 'more' };
    length += (byte & 0x7f) * unit;
    if (length > PACKET_BYTES_MAX || unit > 128 ** 3) return fault(`a ${type} of more than ${PACKET_BYTES_MAX} bytes`);
    if (byte < 0x80) {
      const end = at + 1 + length;
      if (bytes.length < end) return { kind: 'more' };
      const packet = readBody(type, bytes.subarray(at + 1, end), bytes.subarray(start, end));
      return packet === null ? fault(`the ${type} is malformed`) : { kind: 'packet', packet, end };
    }
  }
}

const TYPES: ReadonlyMap<number, PacketType> = new Map(
  (Object.keys(FIRST) as PacketType[]).map((type) => [FIRST[type] & 0xf0, type] as const),
);

function readBody(type: PacketType, body: Uint8Array, bytes: Uint8Array): Packet | null {
  switch (type) {
    case 'connect':
      return readConnect(body);
    case 'connack':
      return body.length === 2 && (body[0] ?? 0) < 2 ? { type, code: body[1] ?? 0 } : null;
    case 'subscribe':
      return readSubscribe(body);
    case 'suback':
      return body.length > 2 ? { type, id: readShort(body, 0), codes: [...body.subarray(2)] } : null;
    case 'publish': {
      const topic = readText(body, 0);
      return topic === null || topic.text === '' ? null : { type, topic: topic.text, payload: body.subarray(topic.end), bytes };
    }
    case 'pingreq':
    case 'pingresp':
    case 'disconnect':
      return body.length === 0 ? { type } : null;
  }
}

/** User name, password and will may follow the client id; nobody here asks for them. */
function readConnect(body: Uint8Array): Packet | null {
  const protocol = readText(body, 0);
  const clientId = readText(body, 10);
  if (protocol?.text !== 'MQTT' || body[6] !== 4 || ((body[7] ?? 1) & 0x01) !== 0 || clientId === null) return null;
  return { type: 'connect', clientId: clientId.text, keepAliveSeconds: readShort(body, 8) };
}

function readSubscribe(body: Uint8Array): Packet | null {
  const topics: string[] = [];
  for (let at = 2; at < body.length;) {
    const topic = readText(body, at);
    const qos = topic === null ? undefined : body[topic.end];
    if (topic === null || qos === undefined || qos > 2) return null;
    topics.push(topic.text);
    at = topic.end + 1;
  }
  return topics.length === 0 ? null : { type: 'subscribe', id: readShort(body, 0), topics };
}

function readText(body: Uint8Array, at: number): { readonly text: string; readonly end: number } | null {
  if (body.length < at + 2) return null;
  const end = at + 2 + readShort(body, at);
  const text = end > body.length ? null : decodeUtf8(body.subarray(at + 2, end));
  return text === null ? null : { text, end };
}

function readShort(body: Uint8Array, at: number): number {
  return (body[at] ?? 0) * 256 + (body[at + 1] ?? 0);
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const both = new Uint8Array(head.length + tail.length);
  both.set(head);
  both.set(tail, head.length);
  return both;
}

function fault(why: string): Step {
  return { kind: 'fault', why };
}
