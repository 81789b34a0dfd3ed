// A proxy's answer to CONNECT, read strictly: bytes to a value, "more", or what is wrong with them. No I/O.
// Device stacks trip over sloppy answers (bodies in a 200, bare LF, no space after the status), so this one refuses them loudly.

export interface ConnectAnswer {
  readonly status: number;
  readonly phrase: string;
  /** Names in lower case; a name that comes twice keeps its first value. */
  readonly fields: ReadonlyMap<string, string>;
  /** Bytes of the head, the empty line included; what follows is a body, or already the tunnel's. */
  readonly headLength: number;
}

export type AnswerState =
  | { readonly kind: 'more' }
  | { readonly kind: 'malformed'; readonly why: string }
  | { readonly kind: 'answer'; readonly answer: ConnectAnswer };

/** The answers of every proxy that was measured are below 1 KiB. */
export const ANSWER_BYTES_MAX = 8 * 1024;
const FIELDS_MAX = 50;

const STATUS_LINE = /^HTTP\/1\.[01] ([1-5][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)$/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;
const PREFIX = 'HTTP/1.';

export function readAnswer(bytes: Buffer): AnswerState {
  const start = bytes.toString('latin1', 0, PREFIX.length);
  if (!PREFIX.startsWith(start)) return malformed(describeForeign(bytes));

  const end = bytes.indexOf('\r\n\r\n');
  const head = bytes.toString('latin1', 0, end === -1 ? bytes.length : end + 2);
  if (/(^|[^\r])\n|\r(?!\n|$)/.test(head)) return malformed('a line does not end with CRLF');
  if (end === -1) return bytes.length > ANSWER_BYTES_MAX ? malformed('the head is longer than 8 KiB') : { kind: 'more' };

  const [statusLine = '', ...lines] = head.slice(0, -2).split('\r\n');
  const match = STATUS_LINE.exec(statusLine);
  if (!match) return malformed(`the status line is ${JSON.stringify(statusLine.slice(0, 80))}`);
  if (lines.length > FIELDS_MAX) return malformed(`the head has more than ${FIELDS_MAX} fields`);

  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = FIELD_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) return malformed(`a field is ${JSON.stringify(line.slice(0, 80))}`);
    if (!fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), value);
  }
  return { kind: 'answer', answer: { status: Number(match[1]), phrase: match[2] ?? '', fields, headLength: end + 4 } };
}

function malformed(why: string): AnswerState {
  return { kind: 'malformed', why };
}

function describeForeign(bytes: Buffer): string {
  const isTls = (bytes[0] === 0x15 || bytes[0] === 0x16) && (bytes[1] ?? 0x03) === 0x03;
  return isTls ? 'it is TLS, not HTTP: this port wants https://' : 'it is not HTTP/1.x';
}
