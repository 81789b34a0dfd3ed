import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UpgradesSeen } from './upgrade.ts';
import { lossesOf, renderUpgrades } from './upgrade-report.ts';

const GOOD = { outcome: 'upgraded', generation: 2, tookMs: 4_000, why: null, tunnels: { current: 10, held: 0 } };
const SEEN: UpgradesSeen = {
  tunnels: 10,
  secureTunnels: 0,
  opensPerSecond: 5,
  relay: 'native',
  upgrades: [GOOD, { ...GOOD, tookMs: 6_500 }],
  failed: 0,
  lost: 0,
  messagesSent: 100,
  messagesBack: 100,
  churned: { opened: 50, failed: {} },
  secureAlive: 0,
};

test('a run in which nothing was lost has no losses', () => {
  assert.deepEqual(lossesOf(SEEN), []);
  assert.match(renderUpgrades(SEEN), /\| upgrades \| 2 of 2 in a row \|\n\| seconds each, shortest \/ longest \| 4\.0 \/ 6\.5 \|/);
});

test('each loss is said', () => {
  const refused = { ...GOOD, outcome: 'refused', why: 'generation 1 still holds 3 tunnels' };
  const seen = {
    ...SEEN,
    upgrades: [GOOD, refused],
    failed: 1,
    lost: 2,
    messagesBack: 97,
    churned: { opened: 48, failed: { ECONNRESET: 2 } },
  };
  assert.deepEqual(lossesOf(seen), [
    '1 upgrades were none (generation 1 still holds 3 tunnels)',
    '1 tunnels did not open before the first upgrade',
    '2 tunnels in clear were lost',
    '3 messages did not come back',
    '2 opens failed: ECONNRESET',
  ]);
  assert.match(renderUpgrades(seen), /\| opens meanwhile, of them failed \| 50 \(5 a second asked for\), 2 \|/);
});

test('tunnels in TLS have a row where there are some', () => {
  assert.match(
    renderUpgrades({ ...SEEN, secureTunnels: 4, secureAlive: 3 }),
    /\| tunnels in TLS, still open \/ held by earlier generations \| 4, 3 \/ 0 \|/,
  );
});
