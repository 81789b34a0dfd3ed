// A reporter for node --test that says, when all is done, how long each test file took: the slowest first, the quick ones in one line.

import { relative } from 'node:path';

const QUICK_MS = 1_000;

export default async function* suiteSeconds(source) {
  const tookMs = new Map();
  for await (const { type, data } of source) {
    // Files run at the same time, so these add up to more than the whole run.
    if ((type !== 'test:pass' && type !== 'test:fail') || data.nesting !== 0 || !data.file) continue;
    tookMs.set(data.file, (tookMs.get(data.file) ?? 0) + data.details.duration_ms);
  }
  const slow = [...tookMs].filter(([, ms]) => ms >= QUICK_MS).sort((a, b) => b[1] - a[1]);
  yield '\nseconds of each suite\n';
  for (const [file, ms] of slow) yield `${(ms / 1_000).toFixed(1).padStart(7)}  ${relative(process.cwd(), file)}\n`;
  yield `  under 1 s: ${tookMs.size - slow.length} files\n`;
}
