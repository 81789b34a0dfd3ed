// A folder of a test's own, gone after it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export function ownFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'pinhole-loadtest-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
