// What each octet may be, in one table: a parser asks one question per octet and never needs a pattern.

/** RFC 9110 section 5.6.2, `tchar`: methods and field names. */
export const TOKEN = 1;
/** Letter, digit or hyphen: host names. */
export const LDH = 2;
export const DIGIT = 4;
export const HEX = 8;
/** What a line of a head may hold: HTAB, space, visible ASCII and obs-text (RFC 9110 section 5.5). */
export const LINE = 16;
/** Visible ASCII, the space not among it: request targets. */
export const VISIBLE = 32;
export const LETTER = 64;

const CLASSES = new Uint8Array(256);

function mark(from: number, to: number, classes: number): void {
  for (let code = from; code <= to; code++) CLASSES[code] = (CLASSES[code] ?? 0) | classes;
}

mark(0x09, 0x09, LINE);
mark(0x20, 0x7e, LINE);
mark(0x80, 0xff, LINE);
mark(0x21, 0x7e, VISIBLE);
for (const [from, to] of ['09', 'AZ', 'az'].map((range) => [range.charCodeAt(0), range.charCodeAt(1)] as const))
  mark(from, to, LDH | TOKEN);
mark(0x30, 0x39, DIGIT | HEX);
mark(0x41, 0x46, HEX);
mark(0x61, 0x66, HEX);
mark(0x41, 0x5a, LETTER);
mark(0x61, 0x7a, LETTER);
mark(0x2d, 0x2d, LDH);
for (const char of "!#$%&'*+-.^_`|~") mark(char.charCodeAt(0), char.charCodeAt(0), TOKEN);

/** True where the octet, or the UTF-16 unit of a string, is of one of the classes. */
export function isOf(code: number, classes: number): boolean {
  return ((CLASSES[code] ?? 0) & classes) !== 0;
}

/** The first index from `at` on whose octet is not of the classes; `end` where all are. */
export function runEnd(bytes: Uint8Array, at: number, end: number, classes: number): number {
  let next = at;
  while (next < end && ((CLASSES[bytes[next] as number] as number) & classes) !== 0) next++;
  return next;
}

/** True where every unit of `text` from `at` to `end` is of the classes; so is nothing at all. */
export function isAllOf(text: string, at: number, end: number, classes: number): boolean {
  for (let next = at; next < end; next++) if (!isOf(text.charCodeAt(next), classes)) return false;
  return true;
}
