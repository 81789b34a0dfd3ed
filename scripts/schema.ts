// Writes the JSON Schema of each file that operators write, and the table of its keys in the docs, from its schema in the code:
// And of each command the section in docs/cli.md, from the table that it is read by:
//   ./node_modules/.bin/node scripts/schema.ts
// A test fails where one of them is out of date.

import { readFileSync, writeFileSync } from 'node:fs';
import { STAGE_COMPUTED_DEFAULTS, STAGE_KEYS_ELSEWHERE, stageSchema } from '../deploy/cdk/stage-schema.ts';
import { FLEET_COMPUTED_DEFAULTS, fleetSchema } from '../healthcheck/fleet/schema.ts';
import { COMMANDS } from '../proxy/cli/commands/all-commands.ts';
import { COMMANDS_BEGIN, COMMANDS_END, renderCommands } from '../proxy/cli/commands/render-page.ts';
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
    elsewhere: [],
  },
  {
    ...{ title: 'Pinhole fleet', schema: fleetSchema, computed: FLEET_COMPUTED_DEFAULTS, file: 'fleet.schema.json', docs: 'fleet.md' },
    elsewhere: [],
  },
  {
    ...{ title: 'Pinhole stage', schema: stageSchema, computed: STAGE_COMPUTED_DEFAULTS, file: 'stage.schema.json', docs: 'deploy.md' },
    elsewhere: STAGE_KEYS_ELSEWHERE,
  },
];

const BEGIN = '<!-- keys: made by scripts/schema.ts -->';
const END = '<!-- end of keys -->';

for (const { title, schema, computed, file, docs, elsewhere } of FILES) {
  writeFileSync(new URL(`../schema/${file}`, import.meta.url), renderSchemaFile(title, schema));

  // Keys of another file have their table in that file's page.
  const rows = keyRows(plainSchema(schema), computed).filter(({ key }) => !elsewhere.some((above: string) => key.startsWith(`${above}.`)));
  const table = renderKeyTable(rows);
  putBetween(docs, BEGIN, END, table);
}
putBetween('cli.md', COMMANDS_BEGIN, COMMANDS_END, renderCommands(COMMANDS));

function putBetween(docs: string, begin: string, end: string, made: string): void {
  const page = new URL(`../docs/${docs}`, import.meta.url);
  const text = readFileSync(page, 'utf8');
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/${docs} has lost its marks ${begin} and ${end}`);
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n\n${made}\n\n${text.slice(to)}`);
}
