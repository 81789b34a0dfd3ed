// One run: every address, every door, then what the device can. Addresses side by side, doors one after the other.

import type { ProxyAddress } from '../addresses.ts';
import type { Clock } from '../clock.ts';
import { DOORS } from '../doors.ts';
import { showAddress } from './look.ts';
import { lookAtReady, lookAtTcp } from './look-at-address.ts';
import { lookAtDevice, type OpenDoor } from './look-at-device.ts';
import { lookAtDoor } from './look-at-door.ts';
import type { Plan } from './plan.ts';
import type { Sight } from './sight.ts';

export async function examine(plan: Plan, clock: Clock): Promise<Sight[]> {
  const perAddress = await Promise.all(plan.addresses.map((proxy) => examineAddress(proxy, plan, clock)));
  const sights = perAddress.flat();
  const device = await lookAtDevice(openDoors(sights, plan), plan, clock);
  return [...sights, lookAtClock(sights), ...device];
}

async function examineAddress(proxy: ProxyAddress, plan: Plan, clock: Clock): Promise<Sight[]> {
  const tcp = await lookAtTcp(proxy, plan, clock);
  if (tcp.trouble !== null) return [tcp];
  const sights = [tcp, await lookAtReady(proxy, clock)];
  for (const door of plan.doors) sights.push(...(await lookAtDoor({ proxy, door, plan, clock })));
  return sights;
}

/** For each door the first address at which AWS IoT answered through it. */
function openDoors(sights: readonly Sight[], { addresses }: Plan): OpenDoor[] {
  return DOORS.flatMap((door) => {
    const good = sights.find(
      (sight) => sight.check === 'aws-answer' && sight.door === door && sight.trouble === null && sight.skipped === undefined,
    );
    const proxy = addresses.find((candidate) => showAddress(candidate) === good?.address);
    return proxy === undefined ? [] : [{ door, proxy }];
  });
}

/** As far as SigV4 lets a signature be off (AWS General Reference, signing requests). */
const CLOCK_TOLERANCE_MS = 300_000;

function lookAtClock(sights: readonly Sight[]): Sight {
  const common = { check: 'clock', address: null, door: null } as const;
  const aheadMs = sights.map((sight) => sight.aheadMs).find((each) => each !== undefined);
  if (aheadMs === undefined) return { ...common, trouble: null, seen: '', skipped: 'AWS IoT said no time' };
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  // A Date has whole seconds.
  const seen = seconds <= 2 ? 'as that of AWS' : `${seconds} s ${aheadMs > 0 ? 'behind' : 'ahead of'} that of AWS`;
  if (Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS) return { ...common, trouble: null, seen, aheadMs };
  return {
    ...common,
    trouble: { leg: 'settings', code: 'CLOCK_OFF', detail: `this clock is ${seen}` },
    seen: `this clock is ${seen}`,
    aheadMs,
  };
}
