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
      // A head that is there as a whole is read where it stands: a peer may send nothing but empty frames.
      const length = this.#headBytes === 0 && at + 1 < bytes.length ? headLength(bytes[at + 1] ?? 0) : Infinity;
      if (at + length <= bytes.length) {
        this.#frameBegins(bytes, at);
        at += length;
        continue;
      }
      this.#head[this.#headBytes] = bytes[at] ?? 0;
      this.#headBytes += 1;
      at += 1;
      if (this.#headBytes < 2 || this.#headBytes < headLength(this.#head[1] ?? 0)) continue;
      this.#headBytes = 0;
      this.#frameBegins(this.#head, 0);
    }
  }

  #frameBegins(head: Uint8Array, at: number): void {
    const length = (head[at + 1] ?? 0) & LENGTH;
    const extended = extendedBytes(length);
    this.#left = extended === 0 ? length : bigEndian(head, at + 2, extended);
    if (((head[at] ?? 0) & OPCODE) === OPCODE_CLOSE) this.#hasClosed = true;
  }
}

/** By the second byte of a head. */
function headLength(second: number): number {
  return 2 + extendedBytes(second & LENGTH) + ((second & MASKED) === 0 ? 0 : 4);
}

function extendedBytes(length: number): number {
  return length === LENGTH_16 ? 2 : length === LENGTH_64 ? 8 : 0;
}

/** Infinite where no peer can mean it. */
function bigEndian(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at += 1) value = value * 256 + (bytes[at] ?? 0);
  return value > Number.MAX_SAFE_INTEGER ? Infinity : value;
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
