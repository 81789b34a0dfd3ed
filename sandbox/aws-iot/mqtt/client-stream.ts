/**
 * The client's side of a connection: bytes in, packets out, and back, in the client's version of MQTT. Bounds what is held
 * for a client in both directions. Judges nothing.
 */

import type { Duplex } from 'node:stream';
import type { Packet } from 'mqtt-packet';
import { endSoon } from '../end-soon.ts';
import { decodePacket, encodePacket, type Version } from './codec.ts';
import { FrameReader } from './frames.ts';
import { REASON } from './reasons.ts';

export interface StreamHandlers {
  onPacket(packet: Packet): void;
  /** The bytes are none of MQTT's, too many, or something broke on the way. */
  onFault(reason: number, why: string): void;
  /** The network connection ended. */
  onEnd(why: string): void;
}

export interface StreamLimits {
  readonly packetBytesMax: number;
  readonly outboundBytesMax: number;
}

/** What MQTT 3 clients may add to 128 KB of payload: topic and header. MQTT 5 ones were told 128 KB in all. */
const HEADER_BYTES_MAX = 1_024;

export class ClientStream {
  /** Known from the CONNECT on. */
  version: Version = 4;
  readonly #stream: Duplex;
  readonly #frames: FrameReader;
  readonly #limits: StreamLimits;
  readonly #handlers: StreamHandlers;
  #isEnding = false;

  constructor(stream: Duplex, limits: StreamLimits, handlers: StreamHandlers) {
    this.#stream = stream;
    this.#limits = limits;
    this.#handlers = handlers;
    this.#frames = new FrameReader(limits.packetBytesMax + HEADER_BYTES_MAX);
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.once('end', () => handlers.onEnd('the client ended the connection'));
    stream.once('close', () => handlers.onEnd('the connection is gone'));
    stream.on('error', (error) => handlers.onEnd(error.message));
  }

  write(packet: Packet): void {
    if (this.#isEnding || this.#stream.destroyed) return;
    const bytes = encodePacket(packet, this.version);
    if (!bytes) return this.#handlers.onFault(REASON.UNSPECIFIED, `cannot write ${packet.cmd}`);
    this.#stream.write(bytes);
    if (this.#stream.writableLength > this.#limits.outboundBytesMax)
      this.#handlers.onFault(REASON.QUOTA_EXCEEDED, 'the client does not read');
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Sends what is written, then closes; nothing more is read. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    endSoon(this.#stream);
  }

  #read(chunk: Buffer): void {
    if (this.#isEnding) return;
    try {
      this.#readFrames(chunk);
    } catch (error) {
      // An event must not throw: it would end the process, and everybody else's connection with it.
      this.#handlers.onFault(REASON.UNSPECIFIED, `unexpected: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #readFrames(chunk: Buffer): void {
    const { frames, fault } = this.#frames.push(chunk);
    for (const frame of frames) {
      if (this.version === 5 && frame.length > this.#limits.packetBytesMax) {
        return this.#handlers.onFault(REASON.PACKET_TOO_LARGE, 'packet over 128 KB');
      }
      const packet = decodePacket(frame, this.version);
      if (!packet) return this.#handlers.onFault(REASON.MALFORMED, 'malformed packet');
      this.#handlers.onPacket(packet);
      if (this.#isEnding) return;
    }
    if (fault === 'too-large') this.#handlers.onFault(REASON.PACKET_TOO_LARGE, 'packet over 128 KB');
    if (fault === 'malformed') this.#handlers.onFault(REASON.MALFORMED, 'malformed packet');
  }
}
