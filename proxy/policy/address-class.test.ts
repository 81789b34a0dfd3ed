import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AddressClass, classifyAddress, embeddedAddresses, mappedAddress } from './address-class.ts';

/** First and last address of each range, its neighbours, and the rows of the corpus that name an address. */
const TABLE: readonly (readonly [AddressClass, readonly string[]])[] = [
  [
    'public',
    ['1.1.1.1', '9.255.255.255', '11.0.0.0', '52.1.2.3', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0', '168.63.129.15'],
  ],
  ['public', ['169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.0.1.0', '192.167.255.255', '198.17.255.255']],
  [
    'public',
    ['198.20.0.0', '223.255.255.255', '2600:1f18::1', '2a05:d018::1', '2001:4860:4860::8888', '2001:200::1', '2003::1', '3ffe::1'],
  ],
  ['private', ['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255', 'fec0::1']],
  ['loopback', ['127.0.0.0', '127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1']],
  ['unspecified', ['0.0.0.0', '0.255.255.255', '::', '0:0:0:0:0:0:0:0']],
  ['link-local', ['169.254.0.1', '169.254.255.255', 'fe80::1', 'febf::1', 'fe80::1%eth0']],
  ['metadata', ['169.254.169.254', '169.254.170.2', '168.63.129.16', '100.100.100.200', '192.0.0.192']],
  ['metadata', ['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:c1::a9fe:a9fe', 'fd00:42::42']],
  ['cgnat', ['100.64.0.0', '100.127.255.255']],
  ['ula', ['fc00::1', 'fd00::1', 'fdff::1']],
  ['nat64', ['64:ff9b::1.2.3.4', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1']],
  ['6to4', ['2002:7f00:1::1', '2002:3401:203::1', '192.88.99.1']],
  ['teredo', ['2001:0:1:2:3:4:80ff:fffe', '2001::1']],
  ['mapped', ['::ffff:52.1.2.3', '::ffff:3401:203', '::FFFF:1.1.1.1']],
  ['multicast', ['224.0.0.0', '224.0.0.1', '239.255.255.255', 'ff02::1']],
  ['reserved', ['192.0.0.1', '192.0.0.255', '192.0.2.1', '198.51.100.7', '203.0.113.10', '198.18.0.0', '198.19.255.255']],
  [
    'reserved',
    ['240.0.0.0', '255.255.255.255', '2001:2::1', '2001:db8::1', '3fff::1', '100::1', '5f00::1', '::127.0.0.1', '::2', '4000::1'],
  ],
  ['invalid', ['', 'localhost', '127.1', '0177.0.0.1', '10.0.2.555', '01200034567', '1.2.3.4.', '[::1]', '1.2.3.4:443', '12345']],
];

for (const [expected, addresses] of TABLE) {
  for (const address of addresses) {
    test(`${address === '' ? 'the empty text' : address} is ${expected}`, () => assert.equal(classifyAddress(address), expected));
  }
}

for (const [address, expected] of [
  ['::ffff:127.0.0.1', 'loopback'],
  ['::fFFf:7f00:1', 'loopback'],
  ['::ffff:a9fe:a9fe', 'metadata'],
  ['::ffff:10.0.0.1', 'private'],
  ['0:0:0:0:0:ffff:0.0.0.0', 'unspecified'],
] as const) {
  test(`a mapped address is what it maps to: ${address} is ${expected}`, () => assert.equal(classifyAddress(address), expected));
}

for (const [address, expected] of [
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['::192.0.2.1', null],
  ['192.0.2.1', null],
  ['64:ff9b::1.2.3.4', null],
] as const) {
  test(`mappedAddress of ${address} is ${expected}`, () => assert.equal(mappedAddress(address), expected));
}

for (const [address, expected] of [
  ['64:ff9b::a9fe:a9fe', ['169.254.169.254']],
  ['2002:7f00:1::1', ['127.0.0.1']],
  // Server 65.54.227.120, client 192.0.2.45: the example of RFC 4380.
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', ['65.54.227.120', '192.0.2.45']],
  ['::127.0.0.1', ['127.0.0.1']],
  ['100::1', []],
  ['2600:1f18::1', []],
  ['52.1.2.3', []],
] as const) {
  test(`addresses inside ${address}`, () => assert.deepEqual(embeddedAddresses(address), expected));
}
