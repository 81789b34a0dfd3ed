// A reporter for node --test that says loudly, when all is done, what did not run. Where it was promised that everything runs
// (PINHOLE_NO_SKIPS) that is a failure, whoever skipped it and for whatever reason.

import { relative } from 'node:path';

export default async function* skipped(source) {
  const lines = [];
  for await (const { type, data } of source) {
    if (type !== 'test:pass' || data.skip === undefined) continue;
    const why = typeof data.skip === 'string' && data.skip !== '' ? `: ${data.skip}` : '';
    lines.push(`  ${data.file ? `${relative(process.cwd(), data.file)}: ` : ''}${data.name}${why}\n`);
  }
  if (lines.length === 0) return;
  yield `\n*** NOT RUN: ${lines.length}\n`;
  yield* lines;
  if (!process.env.PINHOLE_NO_SKIPS) return;
  process.exitCode = 1;
  yield '*** and all was to run (PINHOLE_NO_SKIPS)\n';
}
