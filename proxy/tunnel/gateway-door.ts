// A WebSocket upgrade to one of our gateway names: judged here, re-originated by proxy/gateway, and then a tunnel like any other.

import { EARLY_BYTES_MAX } from '../core/limits.ts';
import type { FaultCode } from '../core/fault.ts';
import { Interrupt } from '../core/interrupt.ts';
import { decideTarget } from '../policy/decide.ts';
import { checkUpgrade } from '../wire/upgrade.ts';
import type { RequestHead } from '../wire/request-head.ts';
import { asSocket, asStream } from './as-stream.ts';
import { WebSocketFarewell } from './farewell.ts';
import { isKnown } from './identity.ts';
import { keepAlive } from './keep-alive.ts';
import { sayAndClose } from './refuse.ts';
import { nothingSent } from './peek.ts';
import { openTunnel, relayTunnel } from './tunnel.ts';
import type { Walk } from './walk.ts';

export async function serveUpgrade(walk: Walk, head: RequestHead): Promise<void> {
  const { plane, session, inbox } = walk;
  const gateway = plane.gateways.get(walk.secure?.gateway ?? '');
  if (!gateway) return walk.refuse('NOT_FOUND');
  const asked = checkUpgrade(head, { name: gateway.name, targetHost: gateway.target.host, origins: gateway.origins });
  // Which Host and which Origin may come is for those to hear whom we know.
  if (!asked.ok && !isOfPolicy(asked.code)) return walk.refuse(asked.code, asked.status);
  if (!isKnown(walk, head)) return;
  if (!asked.ok) return walk.refuse(asked.code, asked.status);

  const decision = decideTarget(gateway.target, plane.list, session.tenant);
  if (!decision.allow) return walk.refuse(decision.code);
  inbox.setCap(EARLY_BYTES_MAX);
  const { answerMs, upgradeMs } = plane.settings.timeouts;
  const startMs = plane.clock.nowMs();
  const dialled = await openTunnel(walk, gateway.target, decision.listed, answerMs);
  if (!dialled) return;
  const upstream = asSocket(dialled, plane.highWaterMark);

  const leaving = new Interrupt();
  inbox.onLeft = leaving.abort;
  try {
    session.to('answering');
    const outcome = await plane.upgrade({
      client: asStream(walk.socket, plane.highWaterMark),
      upstream,
      gateway,
      upgrade: asked.value,
      deadlineMs: startMs + upgradeMs,
      signal: leaving,
    });
    session.upstreamStatus = outcome.status;
    session.record.status = outcome.status;
    session.allowed();
    if (outcome.kind === 'open') {
      // The library set its own keep-alive on the way.
      keepAlive(outcome.upstream);
      return relayTunnel(walk, outcome.upstream, { ...nothingSent(inbox), farewell: new WebSocketFarewell() });
    }
    inbox.detach();
    sayAndClose(walk.socket, NOTHING, plane.clock);
    upstream.destroy();
    session.ended('upstream', { bytesUp: 0, bytesDown: 0 });
  } catch (error) {
    upstream.destroy();
    throw error;
  } finally {
    inbox.onLeft = null;
  }
}

function isOfPolicy(code: FaultCode): boolean {
  return code === 'TARGET_NOT_ALLOWED' || code === 'ORIGIN_NOT_ALLOWED';
}

const NOTHING = Buffer.alloc(0);
