// Makes the doctor one file that a customer's Node 20 or later runs with nothing to install: `npm run doctor:bundle`, and every release.
// node agent/doctor/bundle.ts [OUT [METAFILE]]; the second says what went into it.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '../..');
const [, , out = join(ROOT, 'dist/pinhole-doctor.mjs'), metafile] = process.argv;

/** Packages in the older format call `require`, which a module has not of itself. */
const BANNER = `#!/usr/bin/env node
// Pinhole's doctor, made by \`npm run doctor:bundle\`; what is in it: Pinhole, MQTT.js, ws, @smithy/signature-v4, and what they need.
import { createRequire as pinholeCreateRequire } from 'node:module';
const require = pinholeCreateRequire(import.meta.url);`;

mkdirSync(dirname(out), { recursive: true });
const made = await build({
  absWorkingDir: ROOT,
  entryPoints: ['agent/doctor/main.ts'],
  outfile: resolve(out),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  charset: 'utf8',
  legalComments: 'inline',
  banner: { js: BANNER },
  metafile: true,
  logLevel: 'info',
});
chmodSync(out, 0o755);
if (metafile !== undefined) writeFileSync(metafile, JSON.stringify(Object.keys(made.metafile.inputs).toSorted()));
