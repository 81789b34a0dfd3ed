import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfigDocument, readDocument } from './document.ts';

function said(document: ConfigDocument): string[] {
  return document.problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
}

test('every key and value has its place', () => {
  const document = readDocument('a: 1\nb:\n  - c: [x, y]\n', {});
  assert.deepEqual(document.value, { a: 1, b: [{ c: ['x', 'y'] }] });
  assert.deepEqual(document.valueAt(['b', 0, 'c', 1]), { line: 3, column: 12 });
  assert.deepEqual(document.keyAt(['b', 0, 'c']), { line: 3, column: 5 });
  assert.deepEqual(said(document), []);
});

test('what is not there has the place of the key above it', () => {
  const document = readDocument('a: 1\nb:\n  c: 2\n', {});
  assert.deepEqual(document.valueAt(['b', 'd']), { line: 2, column: 1 });
  assert.deepEqual(document.valueAt(['e', 'f']), { line: 1, column: 1 });
});

test('a key that stands twice is named with both places, and the first counts', () => {
  const document = readDocument('a: 1\nb: 2\na: 3\n', {});
  assert.deepEqual(said(document), ['3:1 a: the same key again; it stands in line 1 already']);
  assert.deepEqual(document.value, { a: 1, b: 2 });
});

test('the environment is put into text values, several times and nowhere else', () => {
  const document = readDocument('a: "${X}-${Y}"\n"${X}": b\nc: 5\n', { X: 'x', Y: '${X}' });
  assert.deepEqual(document.value, { a: 'x-${X}', '${X}': 'b', c: 5 });
});

test('a text from the environment stays text', () => {
  assert.deepEqual(readDocument('a: ${N}', { N: '443' }).value, { a: '443' });
});

for (const [text, expected] of [
  ['a: x${NOPE}', '1:4 a: ${NOPE}: the environment variable NOPE is not set'],
  ['a: "${X"', '1:4 a: ${X is not of the form ${NAME}'],
  ['a: "${}"', '1:4 a: ${} is not of the form ${NAME}'],
  ['a: "${X Y}"', '1:4 a: ${X Y} is not of the form ${NAME}'],
  ['a: [b, "${NOPE}"]', '1:8 a[1]: ${NOPE}: the environment variable NOPE is not set'],
] as const) {
  test(`the environment: ${text}`, () => assert.deepEqual(said(readDocument(text, { X: 'x' })), [expected]));
}

test('an empty variable is set', () => {
  assert.deepEqual(readDocument('a: "${E}"', { E: '' }).value, { a: '' });
});

test('an anchor is read where its alias stands', () => {
  const document = readDocument('a: &vpc [x]\nb: *vpc\n', {});
  assert.deepEqual(document.value, { a: ['x'], b: ['x'] });
  assert.deepEqual(document.valueAt(['b']), { line: 2, column: 4 });
});

test('of anchors with the same name an alias stands for the last one before it', () => {
  const text = 'a: &outer { b: &x 1 }\nc: &x 2\nd: *outer\ne: *x\nf: &x 3\n&key g: *x\nh: *key\n';
  assert.deepEqual(readDocument(text, {}).value, { a: { b: 1 }, c: 2, d: { b: 1 }, e: 2, f: 3, g: 3, h: 'g' });
});

test('sixty thousand aliases are read as fast as so many values', () => {
  // Each by a walk over the whole would take minutes.
  const { value } = readDocument(`[&a x${',*a'.repeat(60_000)}]`, {});
  assert.deepEqual((value as unknown[]).length, 60_001);
});

test('a file may begin with the mark of an editor', () => {
  assert.deepEqual(readDocument('\uFEFFa: 1\n', {}).value, { a: 1 });
});

test('what the parser says of a tag does not repeat it, and what is for programmers is in words', () => {
  assert.deepEqual(said(readDocument('a: !SECRET x\n', {})), [
    '1:4 : not valid YAML: a tag that is not known here; a text that begins with ! stands in quotes',
  ]);
  assert.deepEqual(said(readDocument('a: 1\n---\nb: 2\n', {})), [
    '2:1 : not valid YAML: a second document begins here, and one is expected',
  ]);
  assert.match(said(readDocument('['.repeat(100_000), {})).join(), /not valid YAML: it is nested too deeply/);
});

for (const [name, text, expected] of [
  ['an alias without its anchor', 'a: *nope', /^1:4 a: an alias to an anchor that is not there$/],
  ['an alias inside its own anchor', 'a: &x [*x]', /^1:8 a\[0\]: an alias inside its own anchor$/],
  ['an unknown tag', 'a: !secret b', /a tag that is not known here/],
  ['a list for a key', '? [a]\n: b', /a key that is not plain text$/],
  ['a tab for indentation', 'a:\n\t- b\n', /^2:1 : not valid YAML: Tabs/],
  ['a list that does not end', 'a: [1, 2\nb: 3\n', /^2:1 : not valid YAML/],
  ['two documents', 'a: 1\n---\nb: 2\n', /^2:1 : not valid YAML/],
] as const) {
  test(name, () => {
    const problems = said(readDocument(text, {}));
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', expected);
  });
}

test('aliases of aliases do not unfold without end', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level++)
    lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
  const problems = said(readDocument(lines.join('\n'), {}));
  assert.equal(problems.length, 1);
  assert.match(problems[0] ?? '', /more than 100000 values/);
});

test('keys of Object.prototype are keys like any other', () => {
  const { value } = readDocument('__proto__: 1\nconstructor: 2\n', {});
  assert.deepEqual(Object.keys(value as object), ['__proto__', 'constructor']);
});
