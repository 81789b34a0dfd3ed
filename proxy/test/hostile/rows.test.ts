import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRows, readRows, unescapeInput } from './rows.ts';

const HEADER = 'id\tcategory\tphase\tinput\texpected\twhy';

for (const [input, expected] of [
  ['GET / HTTP/1.1\\r\\n', 'GET / HTTP/1.1\r\n'],
  ['\\t\\0\\\\\\xff\\x0B', '\t\0\\\xff\x0b'],
  ['\\\\x41', '\\x41'],
  ['a{{rep:b:3}}c', 'abbbc'],
  ['{{rep:a.:2}}', 'a.a.'],
  ['{{rep:A:\\r\\n:2}}B', 'A:\r\nA:\r\nB'],
  ['{{rep:X{i}: {i}\\r\\n:2}}', 'X0: 0\r\nX1: 1\r\n'],
  ['{{rep:a:2}}{{rep: :1}}{{rep:\\xff:2}}', 'aa \xff\xff'],
  ['{{rep:a:0}}', ''],
] as const) {
  test(`unescapeInput reads ${input}`, () => {
    assert.equal(unescapeInput(input).toString('latin1'), expected);
  });
}

for (const input of ['\\q', '\\x4', '\\']) {
  test(`unescapeInput refuses ${input}`, () => {
    assert.throws(() => unescapeInput(input), /unknown escape/);
  });
}

test('a row becomes its columns and its bytes', () => {
  const [row] = parseRows(`${HEADER}\nAF-001\tauthority-form\tplain.head\tGET /\\r\\n\tdeny-400\tno version\n`);
  assert.deepEqual(row, {
    id: 'AF-001',
    category: 'authority-form',
    door: 'plain',
    stage: 'head',
    input: 'GET /\\r\\n',
    bytes: Buffer.from('GET /\r\n'),
    expected: 'deny-400',
    why: 'no version',
  });
});

for (const [name, table, message] of [
  ['without its header', 'AF-001\ta\tplain.head\tx\tallow\ty', /header/],
  ['with a short row', `${HEADER}\nAF-001\ta\tplain.head\tx\tallow`, /not a row/],
  ['with an unknown outcome', `${HEADER}\nAF-001\ta\tplain.head\tx\tmaybe\ty`, /not a row/],
  ['with an odd phase', `${HEADER}\nAF-001\ta\tplain\tx\tallow\ty`, /not a row/],
  ['with an id twice', `${HEADER}\nA\ta\tplain.head\tx\tallow\ty\nA\ta\tplain.head\tx\tallow\ty`, /twice/],
] as const) {
  test(`parseRows refuses a table ${name}`, () => {
    assert.throws(() => parseRows(table), message);
  });
}

test('rows.tsv holds every raw row', () => {
  const rows = readRows();
  assert.equal(rows.length, 255);
  assert.equal(rows.filter((row) => row.stage === 'auth').length, 13);
  assert.deepEqual([...new Set(rows.map((row) => row.door))].toSorted(), ['any', 'gw', 'plain']);
});
