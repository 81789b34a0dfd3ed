// Bytes to an HTTP/1.x request head, without any I/O. Strict where parsers of the world differ (RFC 9112 section 2.2 and 5.1):
// CRLF only, no folding, no space before a colon, single spaces in the request line. A bad line is refused as soon as it is whole,
// an octet that no line may hold at once; what was looked at is never looked at again.

import type { FaultCode } from '../core/fault.ts';
import { HEAD_BYTES_MAX, HEAD_FIELDS_MAX, LEADING_EMPTY_LINES_MAX } from '../core/limits.ts';
import { LINE, runEnd, TOKEN, VISIBLE } from './ascii.ts';

/** The name in lower case, the value as latin1 without white space around it. */
export type Field = readonly [lowerCaseName: string, value: string];

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly fields: readonly Field[];
}

/** `length` is that of the head with its empty line: what follows belongs to whatever comes after the answer. */
export type HeadStep =
  | { readonly kind: 'more' }
  | { readonly kind: 'head'; readonly head: RequestHead; readonly length: number }
  | { readonly kind: 'fault'; readonly code: FaultCode; readonly why: string };

const HTAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;

const VERSION_PREFIX = Buffer.from('HTTP/1.', 'latin1');
/** `HTTP/1.1`. */
const VERSION_LENGTH = VERSION_PREFIX.length + 1;

const MORE: HeadStep = { kind: 'more' };
const TOO_LONG: HeadStep = { kind: 'fault', code: 'HEAD_TOO_LARGE', why: `the head is longer than ${HEAD_BYTES_MAX} octets` };
const TOO_MANY: HeadStep = { kind: 'fault', code: 'HEAD_TOO_LARGE', why: `the head has more than ${HEAD_FIELDS_MAX} fields` };

function malformed(why: string): HeadStep {
  return { kind: 'fault', code: 'HEAD_MALFORMED', why };
}

export function fieldValues(head: RequestHead, name: string): string[] {
  const values: string[] = [];
  for (const field of head.fields) if (field[0] === name) values.push(field[1]);
  return values;
}

/** Where the parts of a request line are. */
interface RequestLine {
  readonly start: number;
  readonly methodEnd: number;
  readonly targetEnd: number;
  readonly version: RequestHead['version'];
}

/** Where name and value of a field are. */
interface FieldLine {
  readonly start: number;
  readonly nameEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Reads one head. `read` gets all bytes received so far, every time; once it has given a head or a fault it stays with it. */
export class RequestHeadReader {
  #lineStart = 0;
  #next = 0;
  #emptyLines = 0;
  #request: RequestLine | null = null;
  readonly #fields: FieldLine[] = [];
  #end: HeadStep | null = null;

  read(bytes: Buffer): HeadStep {
    if (this.#end) return this.#end;
    const step = this.#advance(bytes);
    if (step.kind !== 'more') this.#end = step;
    return step;
  }

  #advance(bytes: Buffer): HeadStep {
    const end = Math.min(bytes.length, HEAD_BYTES_MAX);
    for (;;) {
      const at = runEnd(bytes, this.#next, end, LINE);
      this.#next = at;
      if (at === end) break;
      if (bytes[at] !== CR) return malformed(bytes[at] === LF ? 'a line that ends without CR' : 'a control octet');
      if (at + 1 === end) break;
      if (bytes[at + 1] !== LF) return malformed('CR without LF');
      const step = this.#takeLine(bytes, this.#lineStart, at);
      if (step) return step;
      this.#next = at + 2;
      this.#lineStart = at + 2;
    }
    return end === HEAD_BYTES_MAX ? TOO_LONG : MORE;
  }

  /** One line without its CRLF; null where the head goes on. */
  #takeLine(bytes: Buffer, start: number, end: number): HeadStep | null {
    if (!this.#request) return start === end ? this.#takeEmptyLine() : this.#takeRequestLine(bytes, start, end);
    if (start < end) return this.#takeField(bytes, start, end);
    return { kind: 'head', head: render(bytes, this.#request, this.#fields, end), length: end + 2 };
  }

  #takeEmptyLine(): HeadStep | null {
    this.#emptyLines++;
    return this.#emptyLines > LEADING_EMPTY_LINES_MAX ? malformed('empty lines before the request') : null;
  }

  #takeRequestLine(bytes: Buffer, start: number, end: number): HeadStep | null {
    const methodEnd = runEnd(bytes, start, end, TOKEN);
    if (methodEnd === start || bytes[methodEnd] !== SPACE) return malformed('the request line does not begin with a method and a space');
    const targetEnd = runEnd(bytes, methodEnd + 1, end, VISIBLE);
    if (targetEnd === methodEnd + 1 || bytes[targetEnd] !== SPACE) return malformed('no target with a space behind it');
    const version = readVersion(bytes, targetEnd + 1, end);
    if (!version) return malformed('the version is neither HTTP/1.0 nor HTTP/1.1');
    this.#request = { start, methodEnd, targetEnd, version };
    return null;
  }

  #takeField(bytes: Buffer, start: number, end: number): HeadStep | null {
    if (this.#fields.length === HEAD_FIELDS_MAX) return TOO_MANY;
    const nameEnd = runEnd(bytes, start, end, TOKEN);
    if (nameEnd === start || bytes[nameEnd] !== COLON) return malformed('a field does not begin with its name and a colon');
    let valueStart = nameEnd + 1;
    let valueEnd = end;
    while (valueStart < valueEnd && isBlank(bytes[valueStart])) valueStart++;
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd--;
    this.#fields.push({ start, nameEnd, valueStart, valueEnd });
    return null;
  }
}

/** Bytes become text once for the whole head. The target alone is text of its own: it outlives the head, and must not hold on to it. */
function render(bytes: Buffer, line: RequestLine, fields: readonly FieldLine[], end: number): RequestHead {
  const text = bytes.toString('latin1', 0, end);
  return {
    method: text.slice(line.start, line.methodEnd),
    target: bytes.toString('latin1', line.methodEnd + 1, line.targetEnd),
    version: line.version,
    fields: fields.map(
      (field) => [text.slice(field.start, field.nameEnd).toLowerCase(), text.slice(field.valueStart, field.valueEnd)] as const,
    ),
  };
}

function isBlank(octet: number | undefined): boolean {
  return octet === SPACE || octet === HTAB;
}

function readVersion(bytes: Buffer, start: number, end: number): RequestHead['version'] | null {
  if (end - start !== VERSION_LENGTH) return null;
  for (let index = 0; index < VERSION_PREFIX.length; index++) if (bytes[start + index] !== VERSION_PREFIX[index]) return null;
  const minor = bytes[end - 1];
  return minor === 0x31 ? '1.1' : minor === 0x30 ? '1.0' : null;
}
