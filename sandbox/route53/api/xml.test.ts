import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml, renderDocument, textOf } from './xml.ts';

test('elements, text and entities', () => {
  const xml = parseXml('<?xml version="1.0" encoding="UTF-8"?>\n<A xmlns="https://x/"><B>1 &lt; 2 &amp;&#x41;&#66;</B><C/><C></C></A>\n');
  assert.equal(xml?.name, 'A');
  assert.equal(textOf(xml ?? undefined, 'B'), '1 < 2 &AB');
  assert.deepEqual(
    xml?.children.map(({ name }) => name),
    ['B', 'C', 'C'],
  );
});

for (const text of [
  '',
  'x',
  '<A>',
  '</A>',
  '<A></B>',
  '<A/><B/>',
  '<A><B></A></B>',
  '<A>&nope;</A>',
  '<A>&amp</A>',
  '<A x="1"/>',
  '<!DOCTYPE a><A/>',
  '<A><!-- x --></A>',
  '<A',
  '<A/>x',
  '<A>'.repeat(40) + '</A>'.repeat(40),
]) {
  test(`not read: ${text.slice(0, 30)}`, () => assert.equal(parseXml(text), null));
}

test('what is written is read again, whatever the text', () => {
  for (const text of ['a', 'a & b', '<x>', `"it's"`, '&amp;', 'é€😀']) {
    const xml = parseXml(renderDocument('A', { B: text, None: undefined, C: [{ D: 1 }, { D: true }], E: [] }));
    assert.equal(textOf(xml ?? undefined, 'B'), text);
    assert.deepEqual(
      xml?.children.map(({ name }) => name),
      ['B', 'C', 'C'],
    );
  }
});
