import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListedHost } from '../core/settings.ts';
import { decideTarget } from './decide.ts';
import { HostList } from './host-list.ts';

const HOST = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';
const LISTED: ListedHost = { host: HOST, kind: 'data', endpoint: 'production', ports: [443, 8883], accept: [], anyAccount: false };
const LIST = new HostList([LISTED]);

for (const port of [443, 8883]) {
  test(`a listed host is allowed on its port ${port}`, () => {
    assert.deepEqual(decideTarget({ host: HOST, port }, LIST, null), { allow: true, listed: LISTED });
  });
}

for (const [host, port, code] of [
  [HOST, 8443, 'PORT_NOT_ALLOWED'],
  [HOST, 4430, 'PORT_NOT_ALLOWED'],
  [HOST, 0, 'PORT_NOT_ALLOWED'],
  ['evil.test', 443, 'TARGET_NOT_ALLOWED'],
  // Which ports a name that is not listed would have is nobody's business.
  ['evil.test', 1, 'TARGET_NOT_ALLOWED'],
  ['52.1.2.3', 443, 'TARGET_NOT_ALLOWED'],
] as const) {
  test(`${host}:${port} is ${code}`, () => {
    assert.deepEqual(decideTarget({ host, port }, LIST, null), { allow: false, code });
  });
}
