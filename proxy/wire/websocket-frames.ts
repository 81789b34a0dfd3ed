// Where the frames of a WebSocket begin and end (RFC 6455 section 5.2), and the one frame that we write ourselves. Nothing is read but the
// heads of frames: what is in them is between the two ends.

/** Two bytes, up to eight of an extended length, four of a mask. */
const HEAD_BYTES_MAX = 14;
const MASKED = 0x80;
const LENGTH = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const OPCODE = 0x0f;
const OPCODE_CLOSE = 0x8;
const FINAL = 0x80;

/** RFC 6455 section 7.4.1: an end that is going away, such as a server that goes down. */
export const GOING_AWAY = 1001;

/** Follows one direction of a WebSocket from its first byte on. */
export class FrameReader {
  readonly #head = new Uint8Array(HEAD_BYTES_MAX);
  #headBytes = 0;
  /** Bytes that are left of the frame whose head has been read; infinite for a length that no peer can mean. */
  #left = 0;
  #hasClosed = false;

  /** Nothing of a frame is under way: a control frame may stand here, also in the middle of a message (section 5.4). */
  get isBetweenFrames(): boolean {
    return this.#headBytes === 0 && this.#left === 0;
  }

  /** A close frame has passed, and behind that comes nothing (section 5.5.1). */
  get hasClosed(): boolean {
    return this.#hasClosed;
  }

  passed(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#left > 0) {
        const some = Math.min(this.#left, bytes.length - at);
        this.#left -= some;
        at += some;
        continue;
      }
      this.#head[this.#headBytes] = bytes[at] ?? 0;
      this.#headBytes += 1;
      at += 1;
      if (this.#headBytes === this.#headLength()) this.#frameBegins();
    }
  }

  /** As far as it is known: the second byte says how long the head is. */
  #headLength(): number {
    if (this.#headBytes < 2) return 2;
    const second = this.#head[1] ?? 0;
    const length = second & LENGTH;
    const extended = length === LENGTH_16 ? 2 : length === LENGTH_64 ? 8 : 0;
    return 2 + extended + ((second & MASKED) === 0 ? 0 : 4);
  }

  #frameBegins(): void {
    const view = new DataView(this.#head.buffer);
    const length = view.getUint8(1) & LENGTH;
    if (length === LENGTH_64) {
      const long = view.getBigUint64(2);
      this.#left = long > Number.MAX_SAFE_INTEGER ? Infinity : Number(long);
    } else {
      this.#left = length === LENGTH_16 ? view.getUint16(2) : length;
    }
    if ((view.getUint8(0) & OPCODE) === OPCODE_CLOSE) this.#hasClosed = true;
    this.#headBytes = 0;
  }
}

/** A server's close frame: not masked. `reason` is at most 123 bytes of ASCII. */
export function renderCloseFrame(code: number, reason: string): Buffer {
  const frame = Buffer.alloc(4 + reason.length);
  frame[0] = FINAL | OPCODE_CLOSE;
  frame[1] = 2 + reason.length;
  frame.writeUInt16BE(code, 2);
  frame.write(reason, 4, 'latin1');
  return frame;
}
