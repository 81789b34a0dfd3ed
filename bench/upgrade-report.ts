// What upgrades in a row say in the end: whether anything was lost, and how long each took.

import type { UpgradesSeen } from './upgrade.ts';

/** Why the run is not sound; nothing where all held. */
export function lossesOf({ upgrades, failed, lost, messagesSent, messagesBack, churned }: UpgradesSeen): string[] {
  const losses: string[] = [];
  const others = upgrades.filter(({ outcome }) => outcome !== 'upgraded');
  if (others.length > 0) losses.push(`${others.length} upgrades were none (${others[0]?.why ?? others[0]?.outcome})`);
  if (failed > 0) losses.push(`${failed} tunnels did not open before the first upgrade`);
  if (lost > 0) losses.push(`${lost} tunnels in clear were lost`);
  if (messagesSent > messagesBack) losses.push(`${messagesSent - messagesBack} messages did not come back`);
  for (const [why, count] of Object.entries(churned.failed)) losses.push(`${count} opens failed: ${why}`);
  return losses;
}

export function renderUpgrades(seen: UpgradesSeen): string {
  const times = seen.upgrades.map(({ tookMs }) => tookMs / 1_000).toSorted((a, b) => a - b);
  const failed = Object.values(seen.churned.failed).reduce((sum, count) => sum + count, 0);
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
          [
            'tunnels in TLS, still open / held by earlier generations',
            `${seen.secureTunnels}, ${seen.secureAlive} / ${last?.tunnels?.held ?? 0}`,
          ],
        ]),
  ];
  return ['| | |', '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}
