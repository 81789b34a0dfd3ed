import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateNames, DEFAULT_NAMES, regionOf } from './names.ts';

for (const [host, region] of [
  [DEFAULT_NAMES.data, 'eu-west-1'],
  ['abc-ats.iot.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
  ['abc.ats.iot.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
] as const) {
  test(`regionOf reads ${host}`, () => assert.equal(regionOf(host), region));
}

for (const host of ['iot.example.com', 'abc-ats.iot.eu-west-1.amazonaws.com.evil', 'localhost']) {
  test(`regionOf refuses ${host}`, () => assert.throws(() => regionOf(host), /expected a name like/));
}

test('certificateNames are those of AWS', () => {
  const parent = 'credentials.iot.eu-west-1.amazonaws.com';
  assert.deepEqual(certificateNames(DEFAULT_NAMES.credentials), [`*.${parent}`, parent]);
});
