// Every key of the file as a row: what docs/configuration.md shows and what scripts/schema.ts writes there.

import { type JsonSchema, plainSchema, typeName } from './json-schema.ts';
import { COMPUTED_DEFAULTS } from './schema.ts';

export interface KeyRow {
  /** `listen[].address` */
  readonly key: string;
  readonly type: string;
  readonly default: string;
  readonly meaning: string;
}

export function keyRows(): KeyRow[] {
  return rowsBelow(plainSchema(), '');
}

/** The rows as a Markdown table. */
export function renderKeyTable(rows: readonly KeyRow[]): string {
  const lines = rows.map((row) => `| \`${row.key}\` | ${row.type} | ${row.default} | ${row.meaning} |`);
  return ['| key | type | default | meaning |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

function rowsBelow(schema: JsonSchema, above: string): KeyRow[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const key = above === '' ? name : `${above}.${name}`;
    const row: KeyRow = {
      key,
      type: typeName(inner),
      default: defaultOf(inner, key, schema.required?.includes(name) === true),
      meaning: inner.description ?? '',
    };
    const isListOfMaps = inner.items?.type === 'object';
    return [row, ...rowsBelow(isListOfMaps ? (inner.items ?? {}) : inner, isListOfMaps ? `${key}[]` : key)];
  });
}

function defaultOf(schema: JsonSchema, key: string, isRequired: boolean): string {
  if (isRequired) return '**required**';
  const computed = COMPUTED_DEFAULTS[key];
  if (computed !== undefined) return computed;
  // A map's default is those of its keys.
  if (schema.default === undefined || schema.type === 'object') return '–';
  const { default: value } = schema;
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
