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
  churned: { seconds: 10, opened: 50, failed: {} },
  secureAlive: 0,
  secureLost: 0,
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
    secureLost: 4,
    churned: { seconds: 20, opened: 48, failed: { ECONNRESET: 2 } },
  };
  assert.deepEqual(lossesOf(seen), [
    '1 upgrades were none (generation 1 still holds 3 tunnels)',
    '1 tunnels did not open before the first upgrade',
    '2 tunnels in clear were lost',
    '4 tunnels in TLS were lost before their turn',
    '3 messages did not come back',
    'only 3 of 5 opens a second were begun: this machine is too slow for it',
    '2 opens failed: ECONNRESET',
  ]);
  assert.match(renderUpgrades(seen), /\| opens meanwhile, of them failed \| 50 \(5 a second asked for\), 2 \|/);
});

test('tunnels in TLS have rows where there are some, and with them a refusal that says whom it waits for is no loss', () => {
  const refused = { ...GOOD, outcome: 'refused', why: 'generation 1 (1.0) still holds 3 tunnels' };
  const seen = { ...SEEN, secureTunnels: 4, secureAlive: 3, upgrades: [GOOD, refused] };
  assert.deepEqual(lossesOf(seen), []);
  const text = renderUpgrades(seen);
  assert.match(text, /\| tunnels in TLS, still open \/ lost before their turn \| 4, 3 \/ 0 \|/);
  assert.match(text, /\| what the last upgrade was told \| refused: generation 1 \(1\.0\) still holds 3 tunnels \|/);
  assert.equal(lossesOf({ ...seen, secureTunnels: 0 }).length, 1);
});
