// Snapshots that people read: a line for each resource with what it refers to, and none of its text. PINHOLE_SNAPSHOTS=write writes them anew.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Template } from './synth.ts';

const HINT = 'after a look at the difference: PINHOLE_SNAPSHOTS=write npm test -- deploy/cdk/test';

export function snapshotOf(template: Template, file: URL): void {
  const text = render(template);
  if (process.env['PINHOLE_SNAPSHOTS'] === 'write') {
    mkdirSync(new URL('.', file), { recursive: true });
    writeFileSync(file, text);
  }
  assert.ok(existsSync(file), HINT);
  assert.equal(text, readFileSync(file, 'utf8'), HINT);
}

/** By type: a resource with its kept and its referred ones; of many of one type alike, how many. */
function render({ Resources }: Template): string {
  const counts = new Map<string, number>();
  for (const [id, resource] of Object.entries(Resources)) {
    const kept = resource.DeletionPolicy === 'Retain' ? ' kept' : '';
    const refers = [...new Set(references(resource.Properties))].toSorted().join(' ');
    const isMany = /Alarm$|MetricFilter$/.test(resource.Type);
    const line = `${resource.Type.replace('AWS::', '')}${isMany ? '' : ` ${plain(id)}`}${kept}${refers === '' ? '' : ` -> ${refers}`}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts]
    .map(([line, count]) => (count === 1 ? `${line}\n` : `${count} x ${line}\n`))
    .toSorted()
    .join('');
}

/** CDK ends a name with a hash of its path. */
function plain(id: string): string {
  return id.replace(/[0-9A-F]{8}$/, '');
}

function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref') return [plain(String(inner))];
    if (key === 'Fn::GetAtt') return [plain(String((inner as unknown[])[0]))];
    if (key === 'Fn::ImportValue') return [`import:${String(inner).replace(/[0-9A-F]{8}/g, '')}`];
    return references(inner);
  });
}
