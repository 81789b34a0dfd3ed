import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFile, missingOf } from './needs.ts';

const HERE = import.meta.filename;

test('a path is looked for where it says', () => {
  assert.equal(findFile(HERE, ''), HERE);
  assert.equal(findFile('/no/such/file', import.meta.dirname), null);
});

test('a name is looked for on the PATH, from its start', () => {
  assert.equal(findFile('needs.test.ts', `/no/such/folder:${import.meta.dirname}`), HERE);
  assert.equal(findFile('needs.test.ts', '/no/such/folder'), null);
});

test('what is missing is named, and nothing where nothing is needed', () => {
  assert.deepEqual(missingOf({ files: [HERE, '/no/such/file', 'no-such-program'], how: 'x' }, ''), ['/no/such/file', 'no-such-program']);
  assert.deepEqual(missingOf(null, ''), []);
});
