// Writes schema/pinhole.schema.json, and the table of keys in docs/configuration.md, from proxy/config/schema.ts:
//   ./node_modules/.bin/node scripts/schema.ts
// A test fails where either is out of date.

import { readFileSync, writeFileSync } from 'node:fs';
import { renderSchemaFile } from '../proxy/config/json-schema.ts';
import { keyRows, renderKeyTable } from '../proxy/config/key-table.ts';

const SCHEMA_FILE = new URL('../schema/pinhole.schema.json', import.meta.url);
const DOCS_FILE = new URL('../docs/configuration.md', import.meta.url);

const BEGIN = '<!-- keys: made by scripts/schema.ts -->';
const END = '<!-- end of keys -->';

writeFileSync(SCHEMA_FILE, renderSchemaFile());

const docs = readFileSync(DOCS_FILE, 'utf8');
const begin = docs.indexOf(BEGIN);
const end = docs.indexOf(END);
if (begin < 0 || end < begin) throw new Error(`docs/configuration.md has lost its marks ${BEGIN} and ${END}`);
writeFileSync(DOCS_FILE, `${docs.slice(0, begin + BEGIN.length)}\n\n${renderKeyTable(keyRows())}\n\n${docs.slice(end)}`);
