// Who gets a network of its own, and what is in it. The second half needs a kernel that gives us one.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { findIsolation, SYSCTLS } from './namespace.ts';

describe('who gets one', () => {
  test('root takes it, a user by a user namespace', () => {
    const works = (): null => null;
    const root = findIsolation(true, works);
    const user = findIsolation(false, works);
    assert.ok(root.isIsolated && !root.flags.includes('--user'));
    assert.ok(user.isIsolated && user.flags.includes('--map-root-user'));
  });

  test('where the kernel says no, the run says why', () =>
    assert.deepEqual(
      findIsolation(false, () => 'unshare failed: Operation not permitted'),
      { isIsolated: false, why: 'unshare failed: Operation not permitted' },
    ));
});

const isolation = findIsolation(process.getuid?.() === 0);
const skip = isolation.isIsolated || process.env['PINHOLE_NO_SKIPS'] !== undefined ? false : isolation.why;

test('inside, the pid is the same, the network another, its settings made, and nothing of it is left', { skip }, () => {
  assert.ok(isolation.isIsolated);
  const script = join(import.meta.dirname, 'testing', 'inside.ts');
  const out = execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', script, JSON.stringify(isolation.flags)], {
    encoding: 'utf8',
  });
  const seen = JSON.parse(out) as {
    pids: [number, number];
    net: string;
    troubles: string[];
    sysctls: Record<string, string>;
    range: number[];
    address: string;
  };
  assert.equal(seen.pids[0], seen.pids[1]);
  assert.notEqual(seen.net, readlinkSync('/proc/self/ns/net'));
  assert.deepEqual(seen.range, [1_024, 65_535]);
  assert.equal(seen.sysctls['net/core/somaxconn'], SYSCTLS['net/core/somaxconn']);
  // Of slow readers: the rest is the nodes' to hold.
  assert.equal(seen.sysctls['net/ipv4/tcp_rmem'], '4096 16384 65536');
  assert.deepEqual(seen.troubles, []);
  assert.equal(seen.address, '127.0.0.11');
  assert.doesNotMatch(readFileSync('/etc/hosts', 'utf8'), /inside\.pinhole\.test/);
  assert.throws(() => process.kill(seen.pids[1], 0), { code: 'ESRCH' });
});
