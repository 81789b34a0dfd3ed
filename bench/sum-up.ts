// From what was read in a turn to what is said of the proxy.

import type { Costs, Measured } from './report.ts';
import { SETTLE_MS, type Turn } from './turn.ts';

/** Of a core. Messages that go out at their own pace wait in a load that is busier than that, and the wait would count as the proxy's. */
const LOAD_BUSY_MAX = 0.7;

export function sumUp(turn: Turn): Omit<Measured, 'name' | 'mode'> {
  const { ramps, loop, rate, bulk } = turn;
  const [first, second] = ramps;
  const opened = first.answer.opened + second.answer.opened;
  return {
    tunnels: turn.tunnels,
    failed: first.answer.failed + second.answer.failed,
    firstFailure: second.answer.firstFailure,
    died: opened - turn.alive,
    lostMessages: loop.answer.wanted - loop.answer.back + rate.answer.wanted - rate.answer.back,
    lostMib: bulk.answer.wantedMib - bulk.answer.backMib,
    emptyMib: turn.emptyKib / 1_024,
    openP50Ms: second.answer.p50Ms,
    openP99Ms: second.answer.p99Ms,
    costs: costsOf(turn, opened),
    loadBusy: {
      open: Math.max(first.loadBusy, second.loadBusy),
      message: loop.loadBusy,
      rate: rate.loadBusy,
      bulk: bulk.loadBusy,
    },
  };
}

function costsOf({ tunnels, halfway, quiet, halfKib, idleKib, ramps, loop, rate, bulk }: Turn, opened: number): Costs {
  const isTimed = rate.loadBusy <= LOAD_BUSY_MAX;
  return {
    // By the second half alone: what a process frees or takes once, whatever it holds, is in both readings.
    idleKib: (idleKib - halfKib) / (tunnels - halfway),
    idleMib: idleKib / 1_024,
    idleCpuMs: (quiet.cpu * 1e6) / SETTLE_MS,
    // Behind each ramp is a rest, and what one takes with no tunnel at all is not the opens' price.
    openCpuUs: ((ramps[0].cpu + ramps[1].cpu - ramps.length * quiet.cpu) * 1e6) / opened,
    messageCpuUs: (loop.cpu * 1e6) / loop.answer.back,
    rateP50Us: isTimed ? rate.answer.p50Us : null,
    rateP99Us: isTimed ? rate.answer.p99Us : null,
    bulkCpuSeconds: (bulk.cpu * 1_024) / bulk.answer.backMib,
  };
}
