/**
 * A query string as it lay on the wire: names and values keep every byte. The canonical query of SigV4 is built from these
 * bytes and never from a decoded and encoded copy, so that whoever changed the query on the way is found out.
 */

export interface QueryField {
  readonly name: string;
  readonly value: string;
}

export function parseRawQuery(raw: string): QueryField[] {
  if (raw === '') return [];
  return raw.split('&').map((field) => {
    const equals = field.indexOf('=');
    return equals < 0 ? { name: field, value: '' } : { name: field.slice(0, equals), value: field.slice(equals + 1) };
  });
}

/** SigV4, "Create a canonical request": sorted by name and then by value, in code point order. */
export function renderCanonicalQuery(fields: readonly QueryField[]): string {
  const sorted = fields.toSorted((left, right) => compare(left.name, right.name) || compare(left.value, right.value));
  return sorted.map(({ name, value }) => `${name}=${value}`).join('&');
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** undefined where the value is not valid percent-encoding. */
export function decodeValue(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
