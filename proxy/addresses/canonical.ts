// The bytes that a signature of the address list is over: RFC 8785 (JSON Canonicalization Scheme), so that white space, the order of the
// members and the file's way of escaping do not count. Numbers are whole ones: about those every language agrees.

/** Keeps a signature of a list from being one of anything else that the same key may sign. */
const CONTEXT = 'pinhole-addresses-v1\n';

/** Far beyond any list: what a stranger sends must not exhaust the stack. */
const DEPTH_MAX = 16;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** The document without its signatures. Null where a number is not a whole one, or lists stand in lists without end. */
export function signedBytes(document: { readonly [name: string]: Json }): Buffer | null {
  const { signatures: _, ...signed } = document;
  const text = canonical(signed, DEPTH_MAX);
  return text === null ? null : Buffer.from(CONTEXT + text, 'utf8');
}

/**
 * Whether a name stands twice in one object of this text, of which `document` was read. RFC 8785 is over I-JSON, which has no such thing (RFC 7493
 * section 2.3): readers differ over which of the two counts, and so over what was signed.
 */
export function hasNameTwice(text: string, document: Json): boolean {
  // Outside of strings a colon stands behind a name and nowhere else.
  const names = text.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
  let kept = 0;
  const left: Json[] = [document];
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (typeof value !== 'object' || value === null) continue;
    const inner: readonly Json[] = Object.values(value);
    if (!Array.isArray(value)) kept += inner.length;
    left.push(...inner);
  }
  return names !== kept;
}

function canonical(value: Json, depth: number): string | null {
  if (depth === 0) return null;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? JSON.stringify(value) : null;
  // ECMAScript's own serialization of strings is the one that RFC 8785 section 3.2.2.2 names.
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value))
    return joined(
      '[',
      value.map((item: Json) => canonical(item, depth - 1)),
      ']',
    );
  // Sorted by UTF-16 code units (section 3.2.3), as `sort` does.
  const names = Object.keys(value).sort();
  const members = names.map((name) => {
    const inner = canonical((value as Record<string, Json>)[name] ?? null, depth - 1);
    return inner === null ? null : `${JSON.stringify(name)}:${inner}`;
  });
  return joined('{', members, '}');
}

function joined(open: string, parts: readonly (string | null)[], close: string): string | null {
  return parts.includes(null) ? null : open + parts.join(',') + close;
}
