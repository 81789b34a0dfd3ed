// A suite that cannot run here says so where nobody can miss it, and fails where it has been promised that everything runs.

import assert from 'node:assert/strict';
import { test } from 'node:test';

export function sayNotRun(what: string, why: string): void {
  const line = `NOT RUN: ${what}; no private network namespace here (${why})`;
  process.stderr.write(`\n*** ${line}\n\n`);
  test(`${what} run in a private network namespace`, (context) => {
    context.diagnostic(line);
    assert.notEqual(process.env['PINHOLE_NO_SKIPS'], '1', line);
    context.skip(line);
  });
}
