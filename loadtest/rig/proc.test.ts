// Lines as Linux writes them, and torn ones.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { availableMibOf, parseAnonKib, parseDescriptorLimit, parseMemory, parseSockstat, parseStat } from './proc.ts';

test('a process’s times and group are read behind its name, whatever that is', () => {
  const rest = 'S 1 4242 4242 0 -1 4194560 9 0 0 0 150 50 0 0 20 0 7 0 1 2 3';
  assert.deepEqual(parseStat(`17 (node) ${rest}`), { pid: 17, group: 4_242, ticks: 200 });
  assert.deepEqual(parseStat(`17 (a) (b) c) ${rest}`), { pid: 17, group: 4_242, ticks: 200 });
  for (const torn of ['', '17 (node', '17 (node) S 1']) assert.equal(parseStat(torn), null);
});

test('anonymous memory is found in a status; a process that ends has none', () => {
  assert.equal(parseAnonKib('VmRSS:\t  900 kB\nRssAnon:\t     512 kB\nRssFile:\t 388 kB\n'), 512);
  assert.equal(parseAnonKib('Name:\tnode\nState:\tZ (zombie)\n'), null);
});

test('sockets in TIME_WAIT, and the pages that wait in all of them', () => {
  const text = 'sockets: used 210\nTCP: inuse 8 orphan 1 tw 33 alloc 9 mem 12\nUDP: inuse 3 mem 0\n';
  assert.deepEqual(parseSockstat(text), { timeWait: 33, socketMemoryKib: 48 });
  assert.equal(parseSockstat('sockets: used 210\n'), null);
});

test('the hard limit of descriptors', () => {
  assert.equal(
    parseDescriptorLimit(
      'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 20000                files     \n',
    ),
    20_000,
  );
  assert.equal(
    parseDescriptorLimit('Max open files            1024                 unlimited            files\n'),
    Number.MAX_SAFE_INTEGER,
  );
  assert.equal(parseDescriptorLimit(''), null);
});

test('memory of the machine', () => {
  assert.deepEqual(parseMemory('MemTotal:       4194304 kB\nMemFree: 1 kB\nMemAvailable:   1048576 kB\n'), {
    allMib: 4_096,
    availableMib: 1_024,
  });
});

test('what a control group leaves is less than what the machine has, and where nobody knows of one the machine counts', () => {
  const meminfo = 'MemTotal: 4194304 kB\nMemAvailable:   1048576 kB\n';
  for (const [groupBytes, mib] of [
    [512 * 1_048_576, 512],
    [2_048 * 1_048_576, 1_024],
    [0, 1_024],
  ] as const)
    assert.equal(availableMibOf(meminfo, groupBytes), mib);
});
