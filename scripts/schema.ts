// Writes the JSON Schema of each file that operators write, the OpenAPI file of the admin address, and their tables in the docs, from the code;
// and of each command the section in docs/cli.md, from the table that it is read by:
//   ./node_modules/.bin/node scripts/schema.ts
// A test fails where one of them is out of date.

import { readFileSync, writeFileSync } from 'node:fs';
import { STAGE_COMPUTED_DEFAULTS, STAGE_KEYS_ELSEWHERE, stageSchema } from '../deploy/cdk/stage-schema.ts';
import { FLEET_COMPUTED_DEFAULTS, fleetSchema } from '../healthcheck/fleet/schema.ts';
import { COMMANDS } from '../proxy/cli/commands/all-commands.ts';
import { renderCommands } from '../proxy/cli/commands/render-page.ts';
import { plainSchema, renderSchemaFile } from '../proxy/config/json-schema.ts';
import { keyRows, renderKeyTable } from '../proxy/config/key-table.ts';
import { COMPUTED_DEFAULTS, configSchema } from '../proxy/config/schema.ts';
import { renderOpenApi } from '../proxy/control/admin/open-api.ts';
import { renderFields, renderRoutes } from '../proxy/control/admin/routes-page.ts';

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

/** What stands between its marks in a page. */
function replacePart(docs: string, part: string, table: string): void {
  const page = new URL(`../docs/${docs}`, import.meta.url);
  const text = readFileSync(page, 'utf8');
  const [from, to] = [`<!-- ${part}: made by scripts/schema.ts -->`, `<!-- end of ${part} -->`];
  const begin = text.indexOf(from);
  const end = text.indexOf(to);
  if (begin < 0 || end < begin) throw new Error(`docs/${docs} has lost its marks ${from} and ${to}`);
  writeFileSync(page, `${text.slice(0, begin + from.length)}\n\n${table}\n\n${text.slice(end)}`);
}

for (const { title, schema, computed, file, docs, elsewhere } of FILES) {
  writeFileSync(new URL(`../schema/${file}`, import.meta.url), renderSchemaFile(title, schema));

  // Keys of another file have their table in that file's page.
  const rows = keyRows(plainSchema(schema), computed).filter(({ key }) => !elsewhere.some((above: string) => key.startsWith(`${above}.`)));
  replacePart(docs, 'keys', renderKeyTable(rows));
}

writeFileSync(new URL('../schema/admin.openapi.json', import.meta.url), `${JSON.stringify(renderOpenApi(), null, 2)}\n`);
replacePart('cli.md', 'commands', renderCommands(COMMANDS));
replacePart('admin.md', 'routes', renderRoutes());
replacePart('admin.md', 'fields', renderFields());
