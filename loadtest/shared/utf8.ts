// Text as UTF-8. Neither TextEncoder nor Buffer: k6 has neither. Nearly everything here is ASCII, which takes the short way.
// No dependency: k6 runs this file too.

export function encodeUtf8(text: string): number[] {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return encodeLong(text);
    bytes.push(code);
  }
  return bytes;
}

/** A half of a surrogate pair has no UTF-8, and becomes U+FFFD, as everywhere. */
function encodeLong(text: string): number[] {
  const bytes: number[] = [];
  const escaped = encodeURIComponent(text.toWellFormed());
  for (let at = 0; at < escaped.length; at++) {
    const isEscape = escaped[at] === '%';
    bytes.push(isEscape ? Number.parseInt(escaped.slice(at + 1, at + 3), 16) : escaped.charCodeAt(at));
    if (isEscape) at += 2;
  }
  return bytes;
}

/** Null where the bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  let text = '';
  for (const byte of bytes) {
    if (byte > 0x7f) return decodeLong(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
}

function decodeLong(bytes: Uint8Array): string | null {
  let escaped = '';
  for (const byte of bytes) escaped += `%${byte < 16 ? '0' : ''}${byte.toString(16)}`;
  try {
    return decodeURIComponent(escaped);
  } catch {
    return null;
  }
}
