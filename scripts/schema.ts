// Writes the JSON Schema of each file that operators write, and the table of its keys in the docs, from its schema in the code:
//   ./node_modules/.bin/node scripts/schema.ts
// A test fails where either is out of date.

import { readFileSync, writeFileSync } from 'node:fs';
import { FLEET_COMPUTED_DEFAULTS, fleetSchema } from '../healthcheck/fleet/schema.ts';
import { plainSchema, renderSchemaFile } from '../proxy/config/json-schema.ts';
import { keyRows, renderKeyTable } from '../proxy/config/key-table.ts';
import { COMPUTED_DEFAULTS, configSchema } from '../proxy/config/schema.ts';

const FILES = [
  {
    title: 'Pinhole configuration',
    schema: configSchema,
    computed: COMPUTED_DEFAULTS,
    file: 'pinhole.schema.json',
    docs: 'configuration.md',
  },
  { title: 'Pinhole fleet', schema: fleetSchema, computed: FLEET_COMPUTED_DEFAULTS, file: 'fleet.schema.json', docs: 'fleet.md' },
];

const BEGIN = '<!-- keys: made by scripts/schema.ts -->';
const END = '<!-- end of keys -->';

for (const { title, schema, computed, file, docs } of FILES) {
  writeFileSync(new URL(`../schema/${file}`, import.meta.url), renderSchemaFile(title, schema));

  const page = new URL(`../docs/${docs}`, import.meta.url);
  const text = readFileSync(page, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`docs/${docs} has lost its marks ${BEGIN} and ${END}`);
  const table = renderKeyTable(keyRows(plainSchema(schema), computed));
  writeFileSync(page, `${text.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${text.slice(end)}`);
}
