import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIGIT, HEX, isAllOf, isOf, LDH, LETTER, LINE, runEnd, TOKEN, VISIBLE } from './ascii.ts';

for (const [name, classes, pattern] of [
  ['TOKEN', TOKEN, /[!#$%&'*+\-.^_`|~0-9A-Za-z]/],
  ['LDH', LDH, /[0-9A-Za-z-]/],
  ['DIGIT', DIGIT, /[0-9]/],
  ['HEX', HEX, /[0-9A-Fa-f]/],
  ['LINE', LINE, /[\t\x20-\x7e\x80-\xff]/],
  ['VISIBLE', VISIBLE, /[\x21-\x7e]/],
  ['LETTER', LETTER, /[A-Za-z]/],
] as const) {
  test(`${name} holds exactly its characters`, () => {
    for (let code = 0; code <= 0x17f; code++) assert.equal(isOf(code, classes), pattern.test(String.fromCharCode(code)), `code ${code}`);
  });
}

test('runEnd stops at the first octet of another class, or at the end', () => {
  assert.equal(runEnd(Buffer.from('abc def'), 0, 7, TOKEN), 3);
  assert.equal(runEnd(Buffer.from('abc def'), 1, 2, TOKEN), 2);
  assert.equal(runEnd(Buffer.from('abc def'), 3, 7, TOKEN), 3);
});

test('isAllOf looks at its part of the text only', () => {
  assert.equal(isAllOf('a12b', 1, 3, DIGIT), true);
  assert.equal(isAllOf('a12b', 1, 4, DIGIT), false);
  assert.equal(isAllOf('٣', 0, 1, DIGIT), false);
});
