import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullUpstreams, memoryHeadroom, portsHeadroom, seldom } from './machine-room.ts';

const HOST = { total: () => 10_000, available: () => 4_000, limit: () => 0 };
const GROUP = '/sys/fs/cgroup/system.slice/pinhole.service';

function machine(files: Readonly<Record<string, string>>): (path: string) => string {
  return (path) => {
    const text = files[path];
    if (text === undefined) throw new Error(`no such file: ${path}`);
    return text;
  };
}

for (const [what, limit, files, expected] of [
  ['a machine without control groups', 0, {}, 0.4],
  [
    'a group without a limit',
    2 ** 64,
    { '/proc/self/cgroup': '0::/system.slice/pinhole.service\n', [`${GROUP}/memory.max`]: 'max\n' },
    0.4,
  ],
  ['a group that is throttled above what it may have', 1_000, { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': 'max\n' }, 0.4],
  [
    'a group that is tighter than the machine, its file cache not counted',
    1_000,
    {
      '/proc/self/cgroup': '0::/system.slice/pinhole.service\n',
      [`${GROUP}/memory.max`]: '1000\n',
      [`${GROUP}/memory.current`]: '950\n',
      [`${GROUP}/memory.stat`]: 'anon 800\ninactive_file 50\n',
    },
    0.1,
  ],
  [
    'a group that is over its limit',
    1_000,
    {
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/memory.max': '1000\n',
      '/sys/fs/cgroup/memory.current': '1200\n',
    },
    0,
  ],
  ['a group whose files are not there', 1_000, {}, 0.4],
] as const) {
  test(`memory headroom of ${what}`, () => {
    const share = memoryHeadroom(machine(files), { ...HOST, limit: () => limit });
    assert.equal(share === null ? null : Math.round(share * 1_000) / 1_000, expected);
  });
}

test('memory headroom of a machine that says nothing is not known', () => {
  assert.equal(memoryHeadroom(machine({}), { ...HOST, total: () => 0 }), null);
});

test('memory headroom of this machine is a share', () => {
  const share = memoryHeadroom();
  assert.ok(share !== null && share > 0 && share <= 1, String(share));
});

for (const [what, upstreams, range, expected] of [
  ['no tunnel', {}, '10000\t19999\n', 1],
  ['the busiest address counts, not the sum', { '192.0.2.1:443': 2_500, '192.0.2.2:443': 1_000 }, '10000\t19999\n', 0.75],
  ['more than there are ports', { a: 20_000 }, '10000\t19999\n', 0],
  ['a kernel that does not say', { a: 14_116 }, null, 0.5],
] as const) {
  test(`ports headroom: ${what}`, () => {
    const files = range === null ? {} : { '/proc/sys/net/ipv4/ip_local_port_range': range };
    assert.equal(portsHeadroom(upstreams, machine(files)), expected);
  });
}

for (const [what, upstreams, before, expected] of [
  ['nobody', {}, [], []],
  ['all that have less than a fiftieth left', { a: 9_801, b: 9_800, c: 10_000, d: 1 }, [], ['a', 'c']],
  ['one that was full has to gain a twenty-fifth', { a: 9_601, b: 9_600, c: 9_601 }, ['a', 'b'], ['a']],
  ['one that is gone is not full', {}, ['a'], []],
] as const) {
  test(`upstreams without ports: ${what}`, () => {
    const files = { '/proc/sys/net/ipv4/ip_local_port_range': '10000\t19999\n' };
    assert.deepEqual([...fullUpstreams(upstreams, new Set<string>(before), machine(files))], expected);
  });
}

test('what hardly ever changes is looked up again after twenty looks', () => {
  let found = 0;
  const limit = seldom(() => (found += 1));
  assert.deepEqual(
    Array.from({ length: 41 }, limit),
    Array.from({ length: 41 }, (_, look) => 1 + Math.floor(look / 20)),
  );
});
