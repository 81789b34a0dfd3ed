// Whatever a file holds, loading ends in settings or in problems with a place: it never throws.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { DATA, load, MINIMAL } from './test-support.ts';

const FULL = `node: { name: eu-1a, publicAddresses: [203.0.113.10] }
${MINIMAL}    ports: &ports [443, 8883]
    accept: [10.0.0.0/8]
tls: { certificate: cert.pem, key: "\${KEY}" }
gateway: [{ name: gw.example.com, endpoint: production }]
resolve:
  pin:
    - { host: ${DATA}, port: 443, to: ["127.0.0.1:18443"] }
limits: { tunnels: 10, idle: 31m, maxAge: off }
`;

function isGoodResult(text: string): void {
  const loaded = load(text);
  if ('settings' in loaded) return;
  assert.ok(loaded.problems.length > 0, 'no settings and no problem');
  const lines = text.split('\n').length;
  for (const { line, column, message } of loaded.problems) {
    assert.ok(line >= 1 && line <= lines && column >= 1, `${line}:${column} of ${lines} lines: ${message}`);
    assert.doesNotMatch(message, /undefined|\[object|Invalid input/);
  }
}

test('every beginning of a file', () => {
  for (let end = 0; end <= FULL.length; end++) isGoodResult(FULL.slice(0, end));
});

test('every line of a file left out, and every value replaced by each kind of value', () => {
  const lines = FULL.split('\n');
  for (const [index, line] of lines.entries()) {
    isGoodResult(lines.toSpliced(index, 1).join('\n'));
    for (const value of ['', '~', '5', 'true', 'text', '[]', '{}', '[[]]', '{ a: 1 }', '!!binary aGk=', '2020-01-01', '"${NOPE}"']) {
      isGoodResult(lines.toSpliced(index, 1, line.replace(/: .*/, `: ${value}`)).join('\n'));
    }
  }
});

test('any values at all under the keys there are', () => {
  const keys = [
    'node',
    'listen',
    'tls',
    'endpoints',
    'gateway',
    'policy',
    'resolve',
    'limits',
    'timeouts',
    'carriers',
    'admin',
    'log',
    'x',
  ];
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 4 })), (value) => isGoodResult(JSON.stringify(value))),
    { numRuns: 500 },
  );
});
