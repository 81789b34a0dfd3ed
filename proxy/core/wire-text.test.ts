import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wireText } from './wire-text.ts';

for (const [text, expected] of [
  ['a1b2-ats.iot.eu-west-1.amazonaws.com', 'a1b2-ats.iot.eu-west-1.amazonaws.com'],
  ['', ''],
  ['two words, "quoted"', 'two words, "quoted"'],
  ['a\r\nPinhole-Reason: OK', 'a\\x0d\\x0aPinhole-Reason: OK'],
  ['\x1b[31mred\x07', '\\x1b[31mred\\x07'],
  ['nul\0', 'nul\\x00'],
  ['del\x7f', 'del\\x7f'],
  // Without this an escape could be forged.
  ['\\x0a', '\\x5cx0a'],
  ['caf\xe9', 'caf\\xe9'],
] as const) {
  test(`${JSON.stringify(text)} is written ${expected}`, () => assert.equal(wireText(text), expected));
}

test('a long text is cut, and says so', () => {
  assert.equal(wireText('x'.repeat(253)), 'x'.repeat(253));
  assert.equal(wireText('x'.repeat(254)), `${'x'.repeat(253)}...`);
  assert.equal(wireText('abcdef', 3), 'abc...');
});

test('it is cut before it is escaped, so an escape is never half', () => {
  assert.equal(wireText('\n'.repeat(5), 2), '\\x0a\\x0a...');
});

const bytes = fc.uint8Array({ maxLength: 253 }).map((array) => Buffer.from(array).toString('latin1'));

test('whatever came over the wire is printable ASCII afterwards, of bounded length', () => {
  fc.assert(
    fc.property(bytes, (text) => {
      const written = wireText(text);
      return /^[\x20-\x7e]*$/.test(written) && written.length <= 4 * text.length;
    }),
  );
});

test('what was written can be read back byte for byte: no two texts look the same', () => {
  fc.assert(
    fc.property(bytes, (text) => {
      const back = wireText(text).replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      return back === text;
    }),
  );
});
