// Just enough of DER (X.690) to find one's way: tag, length, value. Bytes of the operator's own files, bounded all the same.

export interface Der {
  readonly tag: number;
  readonly value: Buffer;
}

/** The elements that stand side by side in these bytes; null where they are no DER. */
export function derElements(bytes: Buffer): Der[] | null {
  const found: Der[] = [];
  for (let at = 0; at < bytes.length;) {
    const head = readHead(bytes, at);
    if (head === null) return null;
    found.push({ tag: head.tag, value: bytes.subarray(head.start, head.end) });
    at = head.end;
  }
  return found;
}

function readHead(bytes: Buffer, at: number): { readonly tag: number; readonly start: number; readonly end: number } | null {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return null;
  let start = at + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    // Four bytes say more than any file holds; none at all is BER.
    if (count === 0 || count > 4 || start + count > bytes.length) return null;
    length = bytes.readUIntBE(start, count);
    start += count;
  }
  return start + length > bytes.length ? null : { tag, start, end: start + length };
}
