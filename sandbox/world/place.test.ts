import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_DIR, PINHOLE, showPath, showPinhole } from './place.ts';

for (const [path, from, expected] of [
  ['/a/b/.sandbox/ca.pem', '/a/b', '.sandbox/ca.pem'],
  ['/a/b', '/a/b', '.'],
  ['/tmp/x', '/a/b', '/tmp/x'],
  ['/a/with space/x', '/a', "'with space/x'"],
  ["/a/it's", '/a', "'it'\\''s'"],
] as const) {
  test(`${path} from ${from} is typed as ${expected}`, () => assert.equal(showPath(path, from), expected));
}

test('the command is ./pinhole in its own folder, and a path elsewhere', () => {
  const root = PINHOLE.slice(0, -'/pinhole'.length);
  assert.equal(showPinhole(root), './pinhole');
  assert.equal(showPinhole('/'), showPath(PINHOLE, '/'));
  assert.equal(DEFAULT_DIR, `${root}/.sandbox`);
});
