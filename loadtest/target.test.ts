// The target file, and what may be aimed at.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aim, parseTarget } from './target.ts';

const GOOD = `
proxy: http://fleet.example.com:443
url: ws://far-end.example.com/mqtt
tunnels: 30000
opensPerSecond: 300
`;

test('a good file is read, with this machine alone where nothing is said', () => {
  const read = parseTarget(GOOD);
  assert.ok(read.ok);
  assert.deepEqual(read.target.machine, { number: 1, of: 1 });
  assert.ok(parseTarget(`${GOOD}machine: { number: 2, of: 3 }\nstartsAt: 2030-01-01T00:00:00Z\nholdSeconds: 600\ncaFile: ca.pem\n`).ok);
});

test('every mistake is told at once, with its key', () => {
  const read = parseTarget('proxy: https://fleet.example.com\nurl: http://x\ntunnels: 0\nmachine: { number: 3, of: 2 }\nmore: 1\n');
  assert.ok(!read.ok);
  const text = read.problems.join('\n');
  for (const words of [
    /^proxy: .*no TLS/m,
    /^url: expected ws/m,
    /^tunnels: /m,
    /^opensPerSecond: /m,
    /^machine: number is above of/m,
    /more/,
  ])
    assert.match(text, words);
});

test('a port that cannot be, and a fragment, are told', () => {
  for (const [key, value] of [
    ['proxy', 'http://fleet.example.com:65536'],
    ['proxy', 'http://-:99999'],
    ['url', 'ws://far-end.example.com/mqtt#x'],
  ] as const) {
    const read = parseTarget(GOOD.replace(new RegExp(`^${key}: .*$`, 'm'), `${key}: "${value}"`));
    assert.ok(!read.ok && read.problems.every((problem) => problem.startsWith(`${key}: `)), JSON.stringify(read));
  }
});

test('a file that is no YAML, or none at all', () => {
  for (const text of ['proxy: [', '', 'a\n']) assert.ok(!parseTarget(text).ok, JSON.stringify(text));
});

describe('aiming', () => {
  const at = (host: string, more: Partial<Parameters<typeof aim>[1]> = {}): number | string =>
    aim({ url: `wss://${host}/mqtt`, opensPerSecond: 300 }, { aliases: [], quota: null, ...more });

  for (const host of [
    'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com',
    'A1B2C3D4E5F6G7-ATS.IOT.EU-WEST-1.AMAZONAWS.COM',
    'a1b2c3d4e5f6g7.ats.iot.cn-north-1.amazonaws.com.cn',
    'data-ats.iot.eu-west-1.api.aws',
    'a1b2c3d4e5f6g7-ats.iot.eusc-de-east-1.amazonaws.eu',
    'data-ats.iot.eusc-de-east-1.api.amazonwebservices.eu',
    'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com.',
  ])
    test(`${host} needs a quota, and is never asked faster`, () => {
      assert.match(String(at(host)), /--i-have-quota N/);
      assert.equal(at(host, { quota: 100 }), 100);
      assert.equal(at(host, { quota: 1_000 }), 300);
    });

  test('a custom domain that leads to AWS is AWS’s', () => {
    assert.match(
      String(at('iot.example.com', { aliases: ['a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com.'] })),
      /iot\.example\.com leads to .*eu-west-1/,
    );
  });

  test('an address may be AWS’s, but for one of a network of one’s own', () => {
    for (const host of ['52.94.233.1', '0x345ee901', '1387194625', '[2600:1f18::1]', '[::ffff:52.94.233.1]']) {
      assert.match(String(at(host)), /nobody can tell whose .* --i-have-quota N/, host);
      assert.equal(at(host, { quota: 100 }), 100);
    }
    for (const host of ['127.0.0.1', '10.1.2.3', '192.168.1.1', '[::1]', '[fd00::1]']) assert.equal(at(host), 300, host);
  });

  test('every spelling that leads to AWS is AWS’s', () => {
    for (const host of [
      'user:word@iot.eu-west-1.amazonaws.com:443',
      'iot.eu-west-1.amazonaws%2ecom',
      'iot.eu-west-1.ａｍａｚｏｎａｗｓ.com',
      'iot。amazonaws。com',
    ])
      assert.match(String(at(host)), /--i-have-quota N/, host);
  });

  test('a name of which DNS says nothing may be AWS’s', () => {
    const aliases = 'DNS did not say where iot.example.com leads (ETIMEOUT)';
    assert.match(String(at('iot.example.com', { aliases })), /ETIMEOUT\), and it may be AWS’s: say --i-have-quota N/);
    assert.equal(at('iot.example.com', { aliases, quota: 100 }), 100);
  });

  test('what only looks like AWS is not', () => {
    for (const host of ['amazonaws.com.example.com', 'notamazonaws.com', 'far-end.example.com']) assert.equal(at(host), 300);
  });

  test('a quota holds everywhere it is given', () => assert.equal(at('far-end.example.com', { quota: 50 }), 50));
});
