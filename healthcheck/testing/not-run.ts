// A suite whose other program cannot be had here says so where nobody can miss it, and fails where it has been promised that everything runs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

export function sayNotRun(suite: string, why: string): void {
  const line = `SKIPPED: ${suite}: ${why}`;
  process.stderr.write(`\n*** ${line}\n\n`);
  test(suite, (context) => {
    context.diagnostic(line);
    assert.notEqual(process.env['PINHOLE_NO_SKIPS'], '1', line);
    context.skip(line);
  });
}
