/**
 * Bytes -> whole MQTT packets, still encoded. Holds at most one packet's bytes, so a length of 256 MB costs nothing.
 * MQTT 5.0 section 2.1.4: the remaining length takes one to four bytes.
 */

export type FrameFault = 'malformed' | 'too-large';

export interface FrameResult {
  readonly frames: readonly Buffer[];
  readonly fault?: FrameFault;
}

export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;
  /** Bytes that must be there before another look is worth it: dribbled bytes are not copied again and again. */
  #wanted = 0;
  readonly #frameBytesMax: number;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  push(chunk: Buffer): FrameResult {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return { frames: [] };

    const frames: Buffer[] = [];
    let bytes: Buffer = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    let fault: FrameFault | undefined;
    for (;;) {
      const size = frameSize(bytes);
      if (size === 'malformed') fault = 'malformed';
      else if (size !== 'more' && size > this.#frameBytesMax) fault = 'too-large';
      else this.#wanted = size === 'more' ? 0 : size;
      if (fault || size === 'more' || size === 'malformed' || size > bytes.length) break;
      frames.push(bytes.subarray(0, size));
      bytes = bytes.subarray(size);
    }
    this.#chunks = bytes.length > 0 ? [bytes] : [];
    this.#length = bytes.length;
    return fault ? { frames, fault } : { frames };
  }
}

function frameSize(bytes: Buffer): number | 'more' | 'malformed' {
  let remaining = 0;
  for (let index = 1; index <= 4; index++) {
    const byte = bytes[index];
    if (byte === undefined) return 'more';
    remaining += (byte & 0x7f) * 128 ** (index - 1);
    if ((byte & 0x80) === 0) return 1 + index + remaining;
  }
  return 'malformed';
}
