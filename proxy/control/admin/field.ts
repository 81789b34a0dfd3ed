// One field of what somebody sends to the admin API: how it is checked, and what it is read as.

interface Common {
  readonly description: string;
  /** Behind the `?` or in the body, unless it is part of the path. */
  readonly in?: 'path';
  /** Nothing is read as null where a field is neither required nor has a default. */
  readonly required?: true;
}

export type Field = Common &
  (
    | { readonly kind: 'text'; readonly max: number; readonly pattern?: string }
    | { readonly kind: 'whole' | 'number'; readonly min: number; readonly max: number; readonly default?: number }
    | { readonly kind: 'choice'; readonly values: readonly string[]; readonly default?: string }
    | { readonly kind: 'flag' }
  );

type Kind<F> = F extends { kind: 'whole' | 'number' }
  ? number
  : F extends { kind: 'flag' }
    ? boolean
    : F extends { values: readonly (infer V)[] }
      ? V
      : string;

export type ValueOf<F> = F extends { required: true } | { default: unknown } ? Kind<F> : Kind<F> | null;

export type InputOf<Fields> = { readonly [Name in keyof Fields]: ValueOf<Fields[Name]> };

export type Read = { readonly ok: true; readonly value: Readonly<Record<string, unknown>> } | { readonly ok: false; readonly why: string };

/** What is behind the `?`, as texts: each field once, and none that there is not. */
export function readQuery(fields: Readonly<Record<string, Field>>, query: URLSearchParams, path: Readonly<Record<string, string>>): Read {
  const given: Record<string, unknown> = {};
  for (const [name, text] of query) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined || field.in === 'path') return { ok: false, why: unknown(name, fields) };
    if (Object.hasOwn(given, name)) return { ok: false, why: `${name}: given twice` };
    given[name] = fromText(field, text);
  }
  return readValues(fields, { ...given, ...path });
}

/** A JSON body. `null` for a field, or for the whole, is nothing. */
export function readBody(fields: Readonly<Record<string, Field>>, body: unknown, path: Readonly<Record<string, string>>): Read {
  if (body !== null && (typeof body !== 'object' || Array.isArray(body))) return { ok: false, why: 'expected a JSON object' };
  const given = Object(body) as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(fields, name) || fields[name]?.in === 'path') return { ok: false, why: unknown(name, fields) };
  }
  return readValues(fields, { ...given, ...path });
}

function unknown(name: string, fields: Readonly<Record<string, Field>>): string {
  const names = Object.keys(fields).filter((known) => fields[known]?.in !== 'path');
  return `${JSON.stringify(name.slice(0, 40))} is not asked for here; ${names.length === 0 ? 'nothing is' : `what is: ${names.join(', ')}`}`;
}

function readValues(fields: Readonly<Record<string, Field>>, given: Readonly<Record<string, unknown>>): Read {
  const value: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const one = given[name] ?? ('default' in field ? field.default : undefined) ?? null;
    if (one === null && field.required) return { ok: false, why: `${name} is missing` };
    const mistake = one === null ? null : mistakeIn(field, one);
    if (mistake !== null) return { ok: false, why: `${name}: ${mistake}` };
    value[name] = one;
  }
  return { ok: true, value };
}

function fromText(field: Field, text: string): unknown {
  if (field.kind === 'flag') return text === 'true' ? true : text === 'false' ? false : text;
  if (field.kind === 'whole' || field.kind === 'number') return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
  return text;
}

/** The sentence that says what was expected; null where nothing is wrong. */
function mistakeIn(field: Field, value: unknown): string | null {
  switch (field.kind) {
    case 'text': {
      if (typeof value !== 'string' || value.length > field.max) return `expected a text of at most ${field.max} characters`;
      return field.pattern === undefined || new RegExp(field.pattern).test(value) ? null : `expected what ${field.pattern} describes`;
    }
    case 'flag':
      return typeof value === 'boolean' ? null : 'expected true or false';
    case 'choice':
      return typeof value === 'string' && field.values.includes(value) ? null : `expected one of ${field.values.join(', ')}`;
    case 'whole':
    case 'number': {
      const isGood =
        typeof value === 'number' && value >= field.min && value <= field.max && (field.kind === 'number' || Number.isInteger(value));
      return isGood ? null : `expected a ${field.kind === 'whole' ? 'whole number' : 'number'} from ${field.min} to ${field.max}`;
    }
  }
}
