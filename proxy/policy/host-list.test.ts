import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListedHost } from '../core/settings.ts';
import { HostList } from './host-list.ts';

function entry(host: string, extra: Partial<ListedHost> = {}): ListedHost {
  return { host, kind: 'data', endpoint: 'production', ports: [443], accept: [], anyAccount: false, ...extra };
}

const DATA = entry('a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com');
const CREDENTIALS = entry('c9d8e7f6a5b4c3.credentials.iot.eu-west-1.amazonaws.com', { kind: 'credentials' });

/** The names of the corpus: each one is close to a listed one and is not it. */
const STRANGERS = [
  'z0z0z0z0z0z0z0-ats.iot.eu-west-1.amazonaws.com',
  'a1b2c3d4e5f6g8-ats.iot.eu-west-1.amazonaws.com',
  'a1b2c3d4e5f6g7.iot.eu-west-1.amazonaws.com',
  'a1b2c3d4e5f6g7.jobs.iot.eu-west-1.amazonaws.com',
  'a1b2c3d4e5f6g7-ats.iot.us-east-1.amazonaws.com',
  'a1b2c3d4e5f6g7-ats.iot.eu-west-1.api.aws',
  'evil.a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com',
  'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com.evil.test',
  'A1B2C3D4E5F6G7-ats.iot.eu-west-1.amazonaws.com',
  'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com.',
  'constructor',
  '__proto__',
  '',
];

/** Entries of other accounts around the two, so that the list is of any size. */
function filler(count: number): ListedHost[] {
  return Array.from({ length: count }, (_, index) => entry(`f${String(index).padStart(12, '0')}-ats.iot.eu-west-1.amazonaws.com`));
}

for (const size of [1, 101, 10_001]) {
  test(`a list of ${size} entries gives the same answers`, () => {
    const list = new HostList([...filler(size - 1), DATA]);
    assert.equal(list.find(DATA.host), DATA);
    for (const stranger of STRANGERS) assert.equal(list.find(stranger), null, stranger);
  });
}

test('an empty list finds nothing', () => {
  assert.equal(new HostList([]).find(DATA.host), null);
});

const ANY_DATA = entry(DATA.host, { anyAccount: true });

test('anyAccount matches every account’s name of the same form', () => {
  const list = new HostList([ANY_DATA]);
  assert.equal(list.find('z0z0z0z0z0z0z0-ats.iot.eu-west-1.amazonaws.com'), ANY_DATA);
  assert.equal(list.find(DATA.host), ANY_DATA);
});

for (const [other, what] of [
  ['z0z0z0z0z0z0z0.credentials.iot.eu-west-1.amazonaws.com', 'kind'],
  ['z0z0z0z0z0z0z0.jobs.iot.eu-west-1.amazonaws.com', 'kind'],
  ['z0z0z0z0z0z0z0-ats.iot.us-east-1.amazonaws.com', 'region'],
  ['z0z0z0z0z0z0z0.iot.eu-west-1.amazonaws.com', 'form (legacy)'],
  ['z0z0z0z0z0z0z0-ats.iot.eu-west-1.api.aws', 'form (dual-stack)'],
  ['data-ats.iot-fips.eu-west-1.amazonaws.com', 'form (FIPS)'],
  ['greengrass-ats.iot.eu-west-1.amazonaws.com', 'family'],
  ['iot.eu-west-1.amazonaws.com', 'family'],
  ['x.z0z0z0z0z0z0z0-ats.iot.eu-west-1.amazonaws.com', 'number of labels'],
  ['Z0Z0Z0Z0Z0Z0Z0-ats.iot.eu-west-1.amazonaws.com', 'case'],
] as const) {
  test(`anyAccount does not match another ${what}: ${other}`, () => {
    assert.equal(new HostList([ANY_DATA]).find(other), null);
  });
}

test('an exact entry goes before the form of another', () => {
  const exact = entry('z0z0z0z0z0z0z0-ats.iot.eu-west-1.amazonaws.com', { endpoint: 'other', ports: [8883] });
  assert.equal(new HostList([ANY_DATA, exact]).find(exact.host), exact);
});

test('anyAccount of one entry does not open another', () => {
  const list = new HostList([ANY_DATA, CREDENTIALS]);
  assert.equal(list.find('z9z9z9z9z9z9z9.credentials.iot.eu-west-1.amazonaws.com'), null);
});
