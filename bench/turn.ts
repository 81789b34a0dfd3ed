// What is done with a proxy that runs: tunnels open, rest, carry messages and bulk, and close; what it used is read after every step.

import { setTimeout as delay } from 'node:timers/promises';
import type { Bulk, LoadProgram, Messages, Ramp } from './load.ts';
import { memoryKib } from './measure.ts';
import { Meter, type Metered } from './meter.ts';

/** After the last open: long enough for a proxy to give back what only the opening took. What that costs it belongs to the opens. */
export const SETTLE_MS = 6_000;
/** What a start leaves behind is over, and whoever does less while little happens does so by now. */
const STARTED_MS = 12_000;
const CLOSED_LOOP = { count: 200_000, busy: 64, bytes: 256 };
const RATE = { perSecond: 2_000, seconds: 10 };
const BULK = { tunnels: 8, mib: 128, kib: 64 };

export interface Turn {
  /** Asked for: half of them, then all. */
  readonly tunnels: number;
  readonly halfway: number;
  readonly emptyKib: number;
  /** As long as a rest behind opens, before the first of them. */
  readonly quiet: Metered<void>;
  readonly halfKib: number;
  readonly idleKib: number;
  readonly ramps: readonly [Metered<Ramp>, Metered<Ramp>];
  readonly loop: Metered<Messages>;
  readonly rate: Metered<Messages>;
  readonly bulk: Metered<Bulk>;
  readonly alive: number;
}

export interface TurnDeps {
  readonly proxyPid: number;
  readonly echoPid: number;
  readonly load: LoadProgram;
  readonly tunnels: number;
  readonly tell: (line: string) => void;
}

export async function takeTurn({ proxyPid, echoPid, load, tunnels, tell }: TurnDeps): Promise<Turn> {
  const meter = new Meter(proxyPid, [load.started.pid, echoPid]);
  const ramp = async (upTo: number): Promise<Metered<Ramp>> => {
    const metered = await meter.step(() => load.ramp(upTo), SETTLE_MS);
    const { opened, seconds, failed } = metered.answer;
    tell(`${opened} tunnels in ${seconds.toFixed(1)} s, ${failed} failed; ${loadWords(metered)}`);
    return metered;
  };
  await delay(STARTED_MS);
  const quiet = await meter.step(() => delay(SETTLE_MS));
  const emptyKib = memoryKib(proxyPid);
  const halfway = Math.ceil(tunnels / 2);
  const firstHalf = await ramp(halfway);
  const halfKib = memoryKib(proxyPid);
  const secondHalf = await ramp(tunnels);
  const idleKib = memoryKib(proxyPid);
  const loop = await meter.step(() => load.messages(CLOSED_LOOP));
  tell(`${loop.answer.back} messages there and back; ${loadWords(loop)}`);
  const rate = await meter.step(() => load.rate(RATE));
  tell(`at ${RATE.perSecond} messages/s: p50 ${rate.answer.p50Us} us, p99 ${rate.answer.p99Us} us; ${loadWords(rate)}`);
  const bulk = await meter.step(() => load.bulk(BULK));
  tell(`${bulk.answer.backMib.toFixed(0)} MiB there and back; ${loadWords(bulk)}`);
  const alive = await load.alive();
  await load.close();
  return { tunnels, halfway, emptyKib, quiet, halfKib, idleKib, ramps: [firstHalf, secondHalf], loop, rate, bulk, alive };
}

function loadWords({ loadBusy }: Metered<unknown>): string {
  return `load busy ${Math.round(100 * loadBusy)} %`;
}
