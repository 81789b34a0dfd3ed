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

  test('what only looks like AWS is not', () => {
    for (const host of ['amazonaws.com.example.com', 'notamazonaws.com', 'far-end.example.com']) assert.equal(at(host), 300);
  });

  test('a quota holds everywhere it is given', () => assert.equal(at('far-end.example.com', { quota: 50 }), 50));
});
