import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readInstanceType } from './instance-type.ts';

for (const [name, architecture, isNitro] of [
  ['c7g.large', 'arm64', true],
  ['c6gn.medium', 'arm64', true],
  ['t4g.nano', 'arm64', true],
  ['a1.large', 'arm64', true],
  ['g5g.xlarge', 'arm64', true],
  ['c7i.large', 'x64', true],
  ['t3.micro', 'x64', true],
  ['g4dn.xlarge', 'x64', true],
  ['c8gd.24xlarge', 'arm64', true],
  ['u-6tb1.metal', 'x64', true],
  ['t2.micro', 'x64', false],
  ['m4.large', 'x64', false],
  ['x1e.xlarge', 'x64', false],
] as const) {
  test(`${name} is ${architecture}, ${isNitro ? '' : 'not '}Nitro`, () =>
    assert.deepEqual(readInstanceType(name), { architecture, isNitro }));
}

test('a name of another form is not guessed', () => assert.equal(readInstanceType('large'), null));
