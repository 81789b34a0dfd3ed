// Every key of a file as a row: what the docs show and what scripts/schema.ts writes there.

import { type JsonSchema, optionOf, typeName } from './json-schema.ts';

export interface KeyRow {
  /** `listen[].address` */
  readonly key: string;
  readonly type: string;
  readonly default: string;
  readonly meaning: string;
}

/** Defaults that are worked out, in words, by key. */
export type ComputedDefaults = Readonly<Record<string, string>>;

export function keyRows(schema: JsonSchema, computed: ComputedDefaults): KeyRow[] {
  return rowsBelow(schema, '', computed);
}

/** The rows as a Markdown table. */
export function renderKeyTable(rows: readonly KeyRow[]): string {
  const lines = rows.map((row) => `| \`${row.key}\` | ${row.type} | ${row.default} | ${row.meaning} |`);
  return ['| key | type | default | meaning |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

function rowsBelow(schema: JsonSchema, above: string, computed: ComputedDefaults): KeyRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const key = above === '' ? name : `${above}.${name}`;
    const row: KeyRow = {
      key,
      type: typeName(inner),
      default: schema.required?.includes(name) === true ? '**required**' : (computed[key] ?? defaultOf(inner)),
      meaning: inner.description ?? '',
    };
    const isListOfMaps = inner.items?.type === 'object';
    const below = isListOfMaps ? (inner.items ?? {}) : optionOf(inner, 'object');
    return [row, ...rowsBelow(below, isListOfMaps ? `${key}[]` : key, computed)];
  });
}

function defaultOf(schema: JsonSchema): string {
  // A map's default is those of its keys.
  if (schema.default === undefined || optionOf(schema, 'object').type === 'object') return '–';
  const { default: value } = schema;
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
