import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckMode } from '../core/settings.ts';
import { AddressJudge, judgeAnswer } from './address-rule.ts';
import { rangeList } from './ranges.ts';

const OWN = '203.0.114.10';
const EVERYTHING = rangeList(['0.0.0.0/0', '::/0']);
const MODES: readonly CheckMode[] = ['enforce', 'report', 'off'];

function judgeIn(mode: CheckMode): AddressJudge {
  return new AddressJudge({ own: (address) => address === OWN, mode });
}

const FLOOR = [
  ['127.0.0.1', 'loopback'],
  ['::1', 'loopback'],
  ['0.0.0.0', 'unspecified'],
  ['::', 'unspecified'],
  ['169.254.0.1', 'link-local'],
  ['fe80::1', 'link-local'],
  ['169.254.169.254', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['192.0.0.192', 'metadata'],
  ['fd00:ec2::254', 'metadata'],
  ['fd20:ce::254', 'metadata'],
  ['224.0.0.1', 'multicast'],
  ['ff02::1', 'multicast'],
  [OWN, 'own'],
  ['127.1', 'invalid'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:a9fe:a9fe', 'metadata'],
  [`::ffff:${OWN}`, 'own'],
  ['64:ff9b::7f00:1', 'nat64'],
  ['64:ff9b::a9fe:a9fe', 'nat64'],
  [`64:ff9b::${OWN}`, 'nat64'],
  ['2002:7f00:1::1', '6to4'],
  ['2001:0:4136:e378:8000:63bf:80ff:fffe', 'teredo'],
  ['::127.0.0.1', 'reserved'],
] as const;

for (const mode of MODES) {
  for (const [address, name] of FLOOR) {
    test(`the floor holds in mode ${mode}, whatever is accepted: ${address} (${name})`, () => {
      assert.deepEqual(judgeIn(mode).judge(address, EVERYTHING), { allow: false, floor: true, class: name, wouldDeny: false });
    });
  }
}

const NOT_PUBLIC = [
  ['10.0.0.1', 'private'],
  ['100.64.0.1', 'cgnat'],
  ['198.19.0.10', 'reserved'],
  ['fd00::1', 'ula'],
  ['64:ff9b::3401:203', 'nat64'],
  ['::ffff:52.1.2.3', 'mapped'],
] as const;

for (const [address, name] of NOT_PUBLIC) {
  test(`${address} (${name}) is refused, reported or left alone by mode, and fine once accepted`, () => {
    const verdicts = MODES.map((mode) => judgeIn(mode).judge(address, null));
    assert.deepEqual(verdicts, [
      { allow: false, floor: false, class: name, wouldDeny: false },
      { allow: true, floor: false, class: name, wouldDeny: true },
      { allow: true, floor: false, class: name, wouldDeny: false },
    ]);
    for (const mode of MODES) {
      assert.deepEqual(judgeIn(mode).judge(address, EVERYTHING), { allow: true, floor: false, class: name, wouldDeny: false });
    }
  });
}

test('a public address is allowed in every mode', () => {
  for (const mode of MODES) {
    assert.deepEqual(judgeIn(mode).judge('52.1.2.3', null), { allow: true, floor: false, class: 'public', wouldDeny: false });
  }
});

test('accept opens its own range and no other', () => {
  const accept = rangeList(['10.20.0.0/16']);
  assert.equal(judgeIn('enforce').judge('10.20.1.2', accept).allow, true);
  assert.equal(judgeIn('enforce').judge('10.21.1.2', accept).allow, false);
});

test('one floor address refuses the whole answer, in every mode', () => {
  for (const mode of MODES) {
    const verdict = judgeAnswer(['52.1.2.3', '127.0.0.1'], judgeIn(mode), EVERYTHING);
    assert.deepEqual(verdict, { allowed: [], deny: 'ADDRESS_NOT_ALLOWED', wouldDeny: false });
  }
});

test('an address that is merely not public is left out of the answer', () => {
  const verdict = judgeAnswer(['10.0.0.1', '52.1.2.3', '52.1.2.4'], judgeIn('enforce'), null);
  assert.deepEqual(verdict, { allowed: ['52.1.2.3', '52.1.2.4'], deny: null, wouldDeny: false });
});

test('an answer of which nothing is left is refused', () => {
  assert.equal(judgeAnswer(['10.0.0.1', 'fd00::1'], judgeIn('enforce'), null).deny, 'ADDRESS_NOT_ALLOWED');
  assert.equal(judgeAnswer([], judgeIn('off'), EVERYTHING).deny, 'ADDRESS_NOT_ALLOWED');
});

test('report keeps every address above the floor and says so', () => {
  const verdict = judgeAnswer(['10.0.0.1', '52.1.2.3'], judgeIn('report'), null);
  assert.deepEqual(verdict, { allowed: ['10.0.0.1', '52.1.2.3'], deny: null, wouldDeny: true });
});

test('off says nothing', () => {
  assert.deepEqual(judgeAnswer(['10.0.0.1'], judgeIn('off'), null), { allowed: ['10.0.0.1'], deny: null, wouldDeny: false });
});

test('an allowed mapped address is dialled as the IPv4 address it is', () => {
  assert.deepEqual(judgeAnswer(['::ffff:10.20.1.2'], judgeIn('enforce'), rangeList(['10.20.0.0/16'])).allowed, ['10.20.1.2']);
});
