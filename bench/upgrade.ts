// Upgrades of one node in a row, while many tunnels talk without pause and others are opened: what is lost, and how long it takes.

import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { OUR_NAMES, type Certificate } from './certificates.ts';
import { Churn, type Churned } from './churn.ts';
import { askStatus, upgrade, type Upgraded } from './hold-node.ts';
import { shareUpTo } from './hold-plan.ts';
import type { LoadProgram, Ramp } from './load.ts';
import { allAccept, type NodeRun, startEcho, startLoad, startNode } from './one-node.ts';
import type { Processes } from './processes.ts';
import { Unavailable } from './unavailable.ts';

/** A message there and back on every tunnel in so many seconds, again and again. */
const ROUND_SECONDS = 4;
/** Between two upgrades, and before the first. */
const CALM_MS = 3_000;

export interface UpgradeRun extends NodeRun {
  /** In clear. */
  readonly tunnels: number;
  readonly secureTunnels: number;
  readonly opensPerSecond: number;
  readonly upgrades: number;
  readonly certificate: Certificate | null;
  readonly tell: (line: string) => void;
}

export interface UpgradesSeen {
  readonly tunnels: number;
  readonly secureTunnels: number;
  readonly opensPerSecond: number;
  readonly relay: string;
  readonly upgrades: readonly Upgraded[];
  /** Tunnels that never opened, before the first upgrade. */
  readonly failed: number;
  /** In clear, gone before they were closed. */
  readonly lost: number;
  readonly messagesSent: number;
  readonly messagesBack: number;
  readonly churned: Churned;
  /** In TLS: still open, and gone though no generation that held them had closed them in its turn. */
  readonly secureAlive: number;
  readonly secureLost: number;
}

export async function upgradeInARow(run: UpgradeRun, processes: Processes): Promise<UpgradesSeen> {
  const echoes = [await startEcho(run, '127.0.0.9', processes)];
  // Those that come and go need room too.
  const node = await startNode({ ...run, tunnels: run.tunnels + run.secureTunnels + 1_000 }, echoes, processes, run.certificate);
  const { carriers } = await allAccept(node);
  const load = await startLoad(run, node, run.tunnels, processes);
  const ramp = await load.ramp(run.tunnels);
  const secure = run.secureTunnels > 0 ? await startLoad(run, node, run.secureTunnels, processes, OUR_NAMES.proxy) : null;
  const secureRamps: Ramp[] = [];
  run.tell(`${ramp.opened} tunnels in clear; ${carriers.length} carriers`);
  if (ramp.opened === 0) throw new Unavailable(`No tunnel opened: ${ramp.firstFailure}`);

  const talk = talkWithoutEnd(load);
  const churn = new Churn({
    ...{ port: node.port, target: `${run.serverName}:443`, helloFile: run.helloFile },
    perSecond: run.opensPerSecond,
  });
  const upgrades: Upgraded[] = [];
  for (let turn = 1; turn <= run.upgrades; turn += 1) {
    await delay(CALM_MS);
    // Some of each generation, so that each has something to hold.
    if (secure) secureRamps.push(await secure.ramp(shareUpTo(run.secureTunnels, turn, run.upgrades)));
    const seen = await upgrade(node.configPath);
    upgrades.push(seen);
    run.tell(
      `upgrade ${turn} of ${run.upgrades}: ${seen.outcome} in ${(seen.tookMs / 1_000).toFixed(1)} s${seen.why === null ? '' : `, ${seen.why}`}`,
    );
  }
  const [churned, { sent, back }] = await Promise.all([churn.stop(), talk.stop()]);
  const relay = (await askStatus(node.configPath)).carriers[0]?.status?.relay ?? 'unknown';
  const lost = ramp.opened - (await load.alive());
  const secureAlive = (await secure?.alive()) ?? 0;
  await Promise.all([load.close(), secure?.close()]);
  // A far end sees a close before the node has written of it.
  await delay(CALM_MS);
  const closedInTurn = countClosedInTurn(`${run.folder}/records.log`);
  const secureLost = Math.max(0, sum(secureRamps.map(({ opened }) => opened)) - secureAlive - closedInTurn);
  return {
    tunnels: run.tunnels,
    secureTunnels: run.secureTunnels,
    opensPerSecond: run.opensPerSecond,
    relay,
    upgrades,
    failed: ramp.failed + sum(secureRamps.map(({ failed }) => failed)),
    lost,
    messagesSent: sent,
    messagesBack: back,
    churned,
    secureAlive,
    secureLost,
  };
}

/** Tunnels in TLS that the node closed at its pace, by its own records. */
function countClosedInTurn(records: string): number {
  const isInTurn = (line: string): boolean =>
    line.includes('"event":"close"') && line.includes('"door":"connect-tls"') && line.includes('"ended_by":"drain"');
  return readFileSync(records, 'utf8').split('\n').filter(isInTurn).length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function talkWithoutEnd(load: LoadProgram): { stop(): Promise<{ sent: number; back: number }> } {
  let isOver = false;
  const talking = (async () => {
    const total = { sent: 0, back: 0 };
    while (!isOver) {
      const { sent, back } = await load.round(ROUND_SECONDS);
      total.sent += sent;
      total.back += back;
    }
    return total;
  })();
  return {
    stop: () => {
      isOver = true;
      return talking;
    },
  };
}
