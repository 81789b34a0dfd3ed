import assert from 'node:assert/strict';
import { test } from 'node:test';
import { healthPath } from './health-path.ts';

for (const [method, target, expected] of [
  ['GET', '/live', 'live'],
  ['HEAD', '/live', 'live'],
  ['GET', '/ready', 'ready'],
  ['GET', '/ready?probe=1', 'ready'],
  ['GET', '/live?', 'live'],
  ['POST', '/live', null],
  ['get', '/live', null],
  ['CONNECT', '/live', null],
  ['GET', '/', null],
  ['GET', '/live/', null],
  ['GET', '/lives', null],
  ['GET', '/LIVE', null],
  ['GET', '//live', null],
  ['GET', '/./live', null],
  ['GET', '/liv%65', null],
  ['GET', '/ready;a', null],
  ['GET', 'http://a.test/live', null],
  ['GET', 'live', null],
] as const) {
  test(`${method} ${target} asks for ${expected ?? 'nothing'}`, () => {
    assert.equal(healthPath({ method, target, version: '1.1', fields: [] }), expected);
    assert.equal(healthPath({ method, target, version: '1.0', fields: [['host', 'evil.test']] }), expected);
  });
}
