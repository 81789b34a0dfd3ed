// The schema as JSON Schema: the form that editors take, and the one in which it is easy to ask what stands at a path.

import * as z from 'zod';
import type { ConfigPath } from './problem.ts';

export interface JsonSchema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
}

const ENV_PATTERN = '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}';

const made = new WeakMap<z.ZodType, JsonSchema>();

/** Made once for each schema. */
export function plainSchema(schema: z.ZodType): JsonSchema {
  const plain = made.get(schema) ?? (z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }) as JsonSchema);
  made.set(schema, plain);
  return plain;
}

/** The text of a file in schema/. Draft 7, which every YAML editor knows; ${ENV} is fine wherever a text is. */
export function renderSchemaFile(title: string, of: z.ZodType): string {
  const schema = z.toJSONSchema(of, {
    io: 'input',
    target: 'draft-7',
    override: ({ jsonSchema }) => {
      if (jsonSchema.pattern !== undefined) jsonSchema.pattern = `${jsonSchema.pattern}|${ENV_PATTERN}`;
      if (jsonSchema.type !== 'string' || jsonSchema.enum === undefined) return;
      jsonSchema.anyOf = [
        { type: 'string', enum: jsonSchema.enum },
        { type: 'string', pattern: ENV_PATTERN },
      ];
      delete jsonSchema.enum;
      delete jsonSchema.type;
    },
  });
  const { $schema, ...rest } = schema;
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}

/** What the schema says about a path; null where it knows no such path. */
export function schemaAt(root: JsonSchema, path: ConfigPath): JsonSchema | null {
  let schema: JsonSchema | undefined = root;
  for (const step of path) {
    const inner: JsonSchema = optionOf(schema, typeof step === 'number' ? 'array' : 'object');
    schema = typeof step === 'number' ? inner.items : inner.properties?.[step];
    if (schema === undefined) return null;
  }
  return schema;
}

/** Of a key that takes more than one kind of value the option of this type; else the schema itself. */
export function optionOf(schema: JsonSchema, type: 'array' | 'object'): JsonSchema {
  return schema.anyOf?.find((option) => option.type === type) ?? schema;
}

/** The kind of value in words: `duration`, `whole number from 1 to 65535`, `list of CIDR ranges`. */
export function typeName(schema: JsonSchema): string {
  if (schema.title !== undefined) return schema.title;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return alternatives(schema.enum);
  if (schema.anyOf !== undefined) return alternatives(schema.anyOf.map(typeName));
  if (schema.type === 'array') return `list of ${plural(typeName(schema.items ?? {}))}`;
  if (schema.type === 'integer') return `whole number from ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'number') return `number from ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'boolean') return 'true or false';
  return schema.type === 'object' ? 'map' : 'text';
}

/** Leaves alternatives and forms such as IP:PORT as they are. */
function plural(words: string): string {
  if (words.startsWith('whole number')) return words.replace('whole number', 'whole numbers');
  if (!/[a-z]$/.test(words) || words.includes(' or ')) return words;
  return words.endsWith('s') ? `${words}es` : `${words}s`;
}

function alternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

const EXAMPLES: Readonly<Record<string, string>> = {
  duration: '10s, 31m or 2h',
  size: '256KiB',
  'IP:PORT': '127.0.0.1:8443',
  'CIDR range': '10.0.0.0/8',
};

/** The same as a sentence wants it: `a duration such as 10s, 31m or 2h`, `enforce, report or off`. */
export function expectation(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return alternatives(schema.anyOf.map(expectation));
  const words = typeName(schema);
  if (schema.const !== undefined || schema.enum !== undefined || schema.type === 'boolean') return words;
  const example = EXAMPLES[words] === undefined ? '' : ` such as ${EXAMPLES[words]}`;
  return `${/^[AEIOU]/i.test(words) ? 'an' : 'a'} ${words}${example}`;
}
