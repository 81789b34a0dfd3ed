import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TARGET_BYTES_MAX } from '../core/limits.ts';
import { parseConnectTarget } from './connect-target.ts';

const ENDPOINT = 'a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com';

for (const [text, expected] of [
  [`${ENDPOINT}:443`, { host: ENDPOINT, port: 443 }],
  [`${ENDPOINT.toUpperCase()}:8883`, { host: ENDPOINT, port: 8883 }],
  [ENDPOINT, 'TARGET_MALFORMED'],
  [`${ENDPOINT}:`, 'TARGET_MALFORMED'],
  [`${ENDPOINT}.:443`, 'TARGET_MALFORMED'],
  [`user@${ENDPOINT}:443`, 'TARGET_MALFORMED'],
  [`https://${ENDPOINT}:443`, 'TARGET_MALFORMED'],
  [`${ENDPOINT}:443/`, 'TARGET_MALFORMED'],
  ['/', 'TARGET_MALFORMED'],
  ['*', 'TARGET_MALFORMED'],
  ['', 'TARGET_MALFORMED'],
  ['127.0.0.1', 'TARGET_MALFORMED'],
  ['127.0.0.1.:443', 'TARGET_MALFORMED'],
  ['[fe80::1%eth0]:443', 'TARGET_MALFORMED'],
  ['127.0.0.1:443', 'TARGET_NOT_ALLOWED'],
  ['0177.0.0.1:443', 'TARGET_NOT_ALLOWED'],
  ['127.1:443', 'TARGET_NOT_ALLOWED'],
  ['2130706433:443', 'TARGET_NOT_ALLOWED'],
  ['0x7f000001:443', 'TARGET_NOT_ALLOWED'],
  ['10.0.2.555:443', 'TARGET_NOT_ALLOWED'],
  ['[::1]:443', 'TARGET_NOT_ALLOWED'],
  ['[::ffff:7f00:1]:443', 'TARGET_NOT_ALLOWED'],
] as const) {
  test(`parseConnectTarget reads ${text}`, () => {
    const parsed = parseConnectTarget(text);
    assert.deepEqual(parsed.ok ? parsed.value : parsed.code, expected);
  });
}

test('a target longer than its cap is refused for that, and one at the cap for what it is', () => {
  const why = (length: number): string => {
    const parsed = parseConnectTarget(`${'a'.repeat(length - 4)}:443`);
    return parsed.ok ? 'fine' : parsed.why;
  };
  assert.match(why(TARGET_BYTES_MAX), /host name is too long/);
  assert.match(why(TARGET_BYTES_MAX + 1), /longer than 300 octets/);
});
