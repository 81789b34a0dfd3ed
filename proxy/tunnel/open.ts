// From an allowed target to a connected upstream: limits, one resolution, every address judged, those very addresses dialled.
// The same for all doors.

import type { SocketAddress, Target } from '../core/address.ts';
import { unmapped } from '../core/address.ts';
import { asProxyError, ProxyError } from '../core/fault.ts';
import type { StopSignal } from '../core/interrupt.ts';
import type { ListedHost } from '../core/settings.ts';
import { judgeAnswer } from '../policy/address-rule.ts';
import type { Leg } from './leg.ts';
import type { DataPlane } from './plane.ts';
import type { Session } from './session.ts';

/** Throws a ProxyError with the reason; the session's record then already has what is known. `deadlineMs` is a moment of the clock. */
export async function openUpstream(
  plane: DataPlane,
  session: Session,
  target: Target,
  listed: ListedHost,
  deadlineMs: number,
  signal: StopSignal,
): Promise<Leg> {
  session.to('resolving');
  const addresses = await resolveAndJudge(plane, session, target, listed, { deadlineMs, signal });
  if (signal.aborted) throw new ProxyError('CLIENT_GONE', 'the client left while its target was resolved');

  session.to('dialing');
  const startMs = plane.clock.nowMs();
  try {
    const { clock, highWaterMark, overload } = plane;
    const free = addresses.filter((address) => !overload.hasNoPort(address));
    if (free.length === 0) throw new ProxyError('PORTS_EXHAUSTED', `no local port is left towards ${target.host}`);
    const noPort = (address: SocketAddress): void => overload.foundNoPort(address);
    const { socket, address } = await plane.dial(free, { clock, highWaterMark, deadlineMs, signal, noPort });
    const { record } = session;
    record.upstream_ip = address.address;
    record.upstream_port = address.port;
    record.local_ip = socket.localAddress === undefined ? null : unmapped(socket.localAddress);
    record.local_port = socket.localPort ?? null;
    return socket;
  } finally {
    session.record.dial_ms = elapsed(plane, startMs, 'dial');
  }
}

async function resolveAndJudge(
  plane: DataPlane,
  session: Session,
  target: Target,
  listed: ListedHost,
  until: { readonly deadlineMs: number; readonly signal: StopSignal },
): Promise<readonly SocketAddress[]> {
  const pin = plane.settings.resolve.pins.find((candidate) => candidate.host === target.host && candidate.port === target.port);
  if (pin) {
    session.record.resolve_ms = 0;
    return rotate(pin.to, plane.random);
  }
  const startMs = plane.clock.nowMs();
  let addresses: readonly string[];
  try {
    addresses = await before(plane, until, plane.resolver.resolve(target.host));
  } finally {
    session.record.resolve_ms = elapsed(plane, startMs, 'resolve');
  }
  const verdict = judgeAnswer(addresses, plane.judge, plane.acceptOf(listed));
  if (verdict.deny) throw new ProxyError(verdict.deny, `an address of ${target.host} may not be dialled`);
  if (verdict.wouldDeny) session.wouldDeny(['ADDRESS_NOT_ALLOWED']);
  return verdict.allowed.map((address) => ({ address, port: target.port }));
}

/** A resolution may be shared with sessions that have more time left than this one, or whose client is still there. */
function before<T>(plane: DataPlane, until: { deadlineMs: number; signal: StopSignal }, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new ProxyError('CLIENT_GONE', 'the client left while its target was resolved'));
    until.signal.addEventListener('abort', onAbort);
    const cancel = plane.clock.after(until.deadlineMs - plane.clock.nowMs(), () =>
      reject(new ProxyError('RESOLVE_TIMEOUT', 'no time was left to resolve')),
    );
    const settled = (): void => {
      cancel();
      until.signal.removeEventListener('abort', onAbort);
    };
    work.then(resolve, (error: unknown) => reject(asProxyError(error))).finally(settled);
    if (until.signal.aborted) onAbort();
  });
}

function rotate<T>(list: readonly T[], random: () => number): readonly T[] {
  if (list.length < 2) return list;
  const first = Math.floor(random() * list.length);
  return [...list.slice(first), ...list.slice(0, first)];
}

function elapsed(plane: DataPlane, startMs: number, stage: 'resolve' | 'dial'): number {
  const ms = plane.clock.nowMs() - startMs;
  plane.recorder.stage(stage, ms / 1_000);
  return Math.round(ms * 10) / 10;
}
