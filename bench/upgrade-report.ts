// What upgrades in a row say in the end: whether anything was lost, and how long each took.

import type { Upgraded } from './hold-node.ts';
import type { UpgradesSeen } from './upgrade.ts';

/** The share of the opens asked for that has to be begun. */
const OPENS_WANTED = 0.9;

/** Why the run is not sound; nothing where all held. */
export function lossesOf(seen: UpgradesSeen): string[] {
  const { upgrades, failed, lost, secureLost, messagesSent, messagesBack, churned, opensPerSecond } = seen;
  const losses: string[] = [];
  const others = upgrades.filter((upgrade) => upgrade.outcome !== 'upgraded' && !isExpected(upgrade, seen));
  if (others.length > 0) losses.push(`${others.length} upgrades were none (${others[0]?.why ?? others[0]?.outcome})`);
  if (failed > 0) losses.push(`${failed} tunnels did not open before the first upgrade`);
  if (lost > 0) losses.push(`${lost} tunnels in clear were lost`);
  if (secureLost > 0) losses.push(`${secureLost} tunnels in TLS were lost before their turn`);
  if (messagesSent > messagesBack) losses.push(`${messagesSent - messagesBack} messages did not come back`);
  const begun = (churned.opened + failedIn(seen)) / churned.seconds;
  if (begun < OPENS_WANTED * opensPerSecond)
    losses.push(`only ${begun.toFixed(0)} of ${opensPerSecond} opens a second were begun: this machine is too slow for it`);
  for (const [why, count] of Object.entries(churned.failed)) losses.push(`${count} opens failed: ${why}`);
  return losses;
}

/** With tunnels in TLS there is no room for a third generation that holds some. */
function isExpected({ outcome, why }: Upgraded, { secureTunnels }: UpgradesSeen): boolean {
  return secureTunnels > 0 && outcome === 'refused' && (why ?? '').includes('still holds');
}

function failedIn({ churned }: UpgradesSeen): number {
  return Object.values(churned.failed).reduce((sum, count) => sum + count, 0);
}

export function renderUpgrades(seen: UpgradesSeen): string {
  const times = seen.upgrades.map(({ tookMs }) => tookMs / 1_000).toSorted((a, b) => a - b);
  const failed = failedIn(seen);
  const last = seen.upgrades.at(-1);
  const rows = [
    ['upgrades', `${seen.upgrades.filter(({ outcome }) => outcome === 'upgraded').length} of ${seen.upgrades.length} in a row`],
    ['seconds each, shortest / longest', `${(times[0] ?? 0).toFixed(1)} / ${(times.at(-1) ?? 0).toFixed(1)}`],
    ['tunnels in clear, of them lost', `${seen.tunnels}, ${seen.lost}`],
    ['messages sent / back meanwhile', `${seen.messagesSent} / ${seen.messagesBack}`],
    ['opens meanwhile, of them failed', `${seen.churned.opened + failed} (${seen.opensPerSecond} a second asked for), ${failed}`],
    ...(seen.secureTunnels === 0
      ? []
      : [
          ['tunnels in TLS, still open / lost before their turn', `${seen.secureTunnels}, ${seen.secureAlive} / ${seen.secureLost}`],
          ['what the last upgrade was told', `${last?.outcome}${last?.why ? `: ${last.why}` : ''}`],
        ]),
  ];
  return ['| | |', '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}
