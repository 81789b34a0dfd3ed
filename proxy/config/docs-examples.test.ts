// The files that docs/configuration.md shows are good files.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load, makeCertificate, shown } from './test-support.ts';

const DOCS = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

test('every whole example of the docs loads, without a problem or a warning', () => {
  const blocks = [...DOCS.matchAll(/```yaml[^\n]*\n([^`]*)```/g)].map((match) => match[1] ?? '');
  const examples = blocks.filter((text) => text.includes('listen:'));
  assert.equal(examples.length, 2);
  const pair = makeCertificate(['proxy.example.com', 'gw.example.com']);
  const files = {
    '/etc/pinhole/tls/fullchain.pem': pair.certificate,
    '/etc/pinhole/tls/key.pem': pair.key,
    '/etc/pinhole/admin.token': 'token\n',
  };
  for (const text of examples) {
    const loaded = load(text, { files });
    assert.deepEqual(shown('problems' in loaded ? loaded.problems : loaded.warnings), []);
  }
});
