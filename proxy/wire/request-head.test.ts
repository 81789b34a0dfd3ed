import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { HEAD_BYTES_MAX, HEAD_FIELDS_MAX } from '../core/limits.ts';
import { assertEverySplit } from '../test/hostile/splits.ts';
import { isAllOf, LINE } from './ascii.ts';
import { fieldValues, type HeadStep, RequestHeadReader } from './request-head.ts';

function read(text: string): HeadStep {
  return new RequestHeadReader().read(Buffer.from(text, 'latin1'));
}

function outcome(text: string): string {
  const step = read(text);
  return step.kind === 'fault' ? step.code : step.kind;
}

const GOOD = [
  'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nProxy-Connection: Keep-Alive\r\n\r\n',
  '\r\nCONNECT a.test:443 HTTP/1.0\r\n\r\n',
  'GET /mqtt?X-Amz-Signature=%2F HTTP/1.1\r\nhost:a\r\nX-Empty:\r\nX-Blank: \t \r\nX:\t b\tc \xff \r\n\r\n',
  "!#$%&'*+-.^_`|~09AZaz * HTTP/1.1\r\n!#$%&'*+-.^_`|~09AZaz: 1\r\n\r\n",
];

test('a head becomes its parts', () => {
  const text =
    'CONNECT A.test:443 HTTP/1.1\r\nHost: A.test\r\nPROXY-Authorization:  \tBasic eA== \t\r\nx:\r\nUser-Agent: a\tb \xe9\r\nx: 2\r\n\r\n';
  assert.deepEqual(read(`${text}rest`), {
    kind: 'head',
    head: {
      method: 'CONNECT',
      target: 'A.test:443',
      version: '1.1',
      fields: [
        ['host', 'A.test'],
        ['proxy-authorization', 'Basic eA=='],
        ['x', ''],
        ['user-agent', 'a\tb \xe9'],
        ['x', '2'],
      ],
    },
    length: text.length,
  });
});

test('fieldValues gives every value of a name in order', () => {
  const step = read('GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\na: 3\r\n\r\n');
  assert.ok(step.kind === 'head');
  assert.deepEqual(fieldValues(step.head, 'a'), ['1', '3']);
  assert.deepEqual(fieldValues(step.head, 'c'), []);
});

for (const text of GOOD) {
  test(`every prefix of a head wants more, and every split gives the same: ${JSON.stringify(text.slice(0, 30))}`, () => {
    assertEverySplit({
      input: Buffer.from(text, 'latin1'),
      reader: () => {
        const reader = new RequestHeadReader();
        return (bytes): HeadStep => reader.read(bytes);
      },
      isMore: (step) => step.kind === 'more',
    });
  });
}

for (const [name, text] of [
  ['no version', 'GET /\r\n'],
  ['no target', 'GET HTTP/1.1\r\n'],
  ['an empty target', 'GET  HTTP/1.1\r\n'],
  ['no method', ' / HTTP/1.1\r\n'],
  ['white space in front', ' GET / HTTP/1.1\r\n'],
  ['two spaces before the target', 'GET  / HTTP/1.1\r\n'],
  ['two spaces before the version', 'GET /  HTTP/1.1\r\n'],
  ['two targets', 'GET / / HTTP/1.1\r\n'],
  ['tabs for spaces', 'GET\t/\tHTTP/1.1\r\n'],
  ['a space behind the version', 'GET / HTTP/1.1 \r\n'],
  ['a method that is no token', 'G(T / HTTP/1.1\r\n'],
  ['obs-text in the target', 'GET /\xe9 HTTP/1.1\r\n'],
  ['NUL in the target', 'GET /\0 HTTP/1.1\r\n'],
  ['a tab in the target', 'GET /\ta HTTP/1.1\r\n'],
  ['DEL in the target', 'GET /\x7f HTTP/1.1\r\n'],
  ['HTTP/0.9', 'GET / HTTP/0.9\r\n'],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\n'],
  ['HTTP/1.01', 'GET / HTTP/1.01\r\n'],
  ['HTTP/1.', 'GET / HTTP/1.\r\n'],
  ['HTTP/2.0', 'PRI * HTTP/2.0\r\n'],
  ['HTTP/11.1', 'GET / HTTP/11.1\r\n'],
  ['http/1.1', 'GET / http/1.1\r\n'],
  ['HTTP/1,1', 'GET / HTTP/1,1\r\n'],
  ['two empty lines in front', '\r\n\r\n'],
  ['LF in front', '\n'],
  ['LF for CRLF', 'GET / HTTP/1.1\n'],
  ['LF for the empty line', 'GET / HTTP/1.1\r\nA: 1\r\n\n'],
  ['CR for CRLF', 'GET / HTTP/1.1\rH'],
  ['CR CR LF', 'GET / HTTP/1.1\r\r'],
  ['CR in a value', 'GET / HTTP/1.1\r\nA: b\rc'],
  ['CR in a name', 'GET / HTTP/1.1\r\nA\rb'],
  ['NUL in a value', 'GET / HTTP/1.1\r\nA: \0'],
  ['ESC in a value', 'GET / HTTP/1.1\r\nA: \x1b'],
  ['DEL in a value', 'GET / HTTP/1.1\r\nA: \x7f'],
  ['a vertical tab in front of a value', 'GET / HTTP/1.1\r\nTransfer-Encoding: \x0b'],
  ['a folded line', 'GET / HTTP/1.1\r\nA: 1\r\n 2\r\n'],
  ['a folded line by tab', 'GET / HTTP/1.1\r\nA: 1\r\n\t2\r\n'],
  ['white space before the first name', 'GET / HTTP/1.1\r\n A: 1\r\n'],
  ['white space before the colon', 'GET / HTTP/1.1\r\nA : 1\r\n'],
  ['white space in a name', 'GET / HTTP/1.1\r\nA b: 1\r\n'],
  ['an empty name', 'GET / HTTP/1.1\r\n: 1\r\n'],
  ['no colon', 'GET / HTTP/1.1\r\nAb\r\n'],
  ['obs-text in a name', 'GET / HTTP/1.1\r\n\xe9: 1\r\n'],
] as const) {
  test(`a head with ${name} is malformed, before it is whole`, () => {
    assert.equal(outcome(text), 'HEAD_MALFORMED');
    const octetByOctet = new RequestHeadReader();
    const bytes = Buffer.from(text, 'latin1');
    let last = 'more';
    for (let length = 1; length <= bytes.length; length++) {
      const step = octetByOctet.read(bytes.subarray(0, length));
      last = step.kind === 'fault' ? step.code : step.kind;
    }
    assert.equal(last, 'HEAD_MALFORMED');
  });
}

test('a fault stays, whatever comes behind it', () => {
  const reader = new RequestHeadReader();
  const first = reader.read(Buffer.from('GET /\r\n'));
  assert.equal(reader.read(Buffer.from('GET /\r\nA: 1\r\n\r\n')), first);
});

function headOf(length: number): string {
  const frame = 'GET / HTTP/1.1\r\nX: \r\n\r\n';
  return `GET / HTTP/1.1\r\nX: ${'a'.repeat(length - frame.length)}\r\n\r\n`;
}

test('a head at its cap is read, one octet more is too large', () => {
  assert.equal(outcome(headOf(HEAD_BYTES_MAX)), 'head');
  assert.equal(outcome(headOf(HEAD_BYTES_MAX + 1)), 'HEAD_TOO_LARGE');
});

test('a head that cannot end any more within its cap is refused without waiting', () => {
  assert.equal(outcome('X'.repeat(HEAD_BYTES_MAX - 1)), 'more');
  assert.equal(outcome('X'.repeat(HEAD_BYTES_MAX)), 'HEAD_TOO_LARGE');
});

test('the empty line in front counts too', () => {
  assert.equal(outcome(`\r\n${headOf(HEAD_BYTES_MAX - 2)}`), 'head');
  assert.equal(outcome(`\r\n${headOf(HEAD_BYTES_MAX - 1)}`), 'HEAD_TOO_LARGE');
});

test('as many fields as the cap are read, one more is too large', () => {
  assert.equal(outcome(`GET / HTTP/1.1\r\n${'A:\r\n'.repeat(HEAD_FIELDS_MAX)}\r\n`), 'head');
  assert.equal(outcome(`GET / HTTP/1.1\r\n${'A:\r\n'.repeat(HEAD_FIELDS_MAX + 1)}`), 'HEAD_TOO_LARGE');
});

test('random bytes never throw, and give the same in two pieces', () => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.array(fc.constantFrom(...Buffer.from('GET /HTP1.:aA \t\r\n\0\xff', 'latin1')), { maxLength: 200 }),
  );
  fc.assert(
    fc.property(octets, fc.nat(200), (list, at) => {
      const bytes = Buffer.from(list);
      const reader = new RequestHeadReader();
      reader.read(bytes.subarray(0, at));
      assert.deepEqual(reader.read(bytes), new RequestHeadReader().read(bytes));
    }),
    { numRuns: 2_000 },
  );
});

test('a good head with one octet changed is read, refused or unfinished, and never thrown at', () => {
  const good = Buffer.from(GOOD[0] ?? '', 'latin1');
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, octet) => {
      const bytes = Buffer.from(good);
      bytes[at] = octet;
      const step = new RequestHeadReader().read(bytes);
      if (step.kind !== 'head') return;
      assert.ok(step.length <= bytes.length);
      for (const text of [step.head.method, step.head.target, ...step.head.fields.flat()]) assert.ok(isAllOf(text, 0, text.length, LINE));
    }),
    { numRuns: 3_000 },
  );
});
