// The two ends of every tunnel's set-up, the same for all doors: taking a place and an upstream, and handing both sockets to the relay.

import type { Target } from '../core/address.ts';
import { ProxyError } from '../core/fault.ts';
import { Interrupt } from '../core/interrupt.ts';
import type { ListedHost } from '../core/settings.ts';
import { peeks } from '../policy/judge-hello.ts';
import type { Leg } from './leg.ts';
import { keepAlive } from './keep-alive.ts';
import { openUpstream } from './open.ts';
import { forwardHello, type HandOver } from './peek.ts';
import type { Walk } from './walk.ts';

/** The tunnel's maximum age is spread by up to a tenth, so that what was opened in one storm does not end in one. */
const AGE_JITTER = 0.1;

/** Takes a place under the limits and connects upstream. Null where it was refused; the refusal is out then. */
export async function openTunnel(walk: Walk, target: Target, listed: ListedHost, answerMs: number): Promise<Leg | null> {
  const { plane, session, socket, inbox } = walk;
  // The list's own string where it is the same name: tens of thousands of tunnels keep their record.
  session.record.target_host = listed.host === target.host ? listed.host : target.host;
  session.record.target_port = target.port;
  session.record.endpoint = listed.endpoint;
  session.record.kind = listed.kind;
  if (plane.isDraining()) {
    walk.refuse('DRAINING');
    return null;
  }
  // Who is over its own limits is refused before anybody else has to step back for it. What is shed is charged to nobody.
  const { tenant } = session;
  const limited = (tenant && plane.limits.tenantLimit(tenant)) ?? plane.overload.shed() ?? plane.limits.open(tenant);
  if (limited) {
    walk.refuse(limited);
    return null;
  }
  const leaving = new Interrupt();
  session.takePlace(tenant);
  session.abortWith(leaving.abort);
  // A FIN before the answer is a client that gave up: its timeout closes with one, and no TLS client finishes first.
  // Where no hello is looked at a client may finish right behind its head and go on reading.
  const finPasses = session.record.door !== 'gateway' && !peeks(plane.settings.policy);
  const hasLeft = (): boolean => inbox.isGone || (inbox.isEnded && !finPasses);
  inbox.onLeft = () => hasLeft() && leaving.abort();
  if (hasLeft()) leaving.abort();
  try {
    const upstream = await openUpstream(plane, session, target, listed, plane.clock.nowMs() + answerMs, leaving);
    if (!hasLeft()) return upstream;
    // It left in the very moment in which the connection upstream was there.
    upstream.destroy();
    throw new ProxyError('CLIENT_GONE', 'the client left before the answer');
  } catch (error) {
    walk.fail(error);
    return null;
  } finally {
    inbox.onLeft = null;
    session.abortWith(() => socket.destroy());
  }
}

/** From here on the relay owns both sockets, and the session ends when it does. */
export function relayTunnel(walk: Walk, upstream: Leg, handOver: HandOver): void {
  const { plane, session, socket, raw } = walk;
  keepAlive(raw);
  const { maxAgeMs } = plane.settings.limits;
  const ageMs = maxAgeMs === null ? Infinity : maxAgeMs * (1 - AGE_JITTER * plane.random());
  session.relay({ client: socket, upstream, ...handOver }, ageMs);
}

/** The judged hello is in the inbox: it goes upstream, and the tunnel is a relay from the upstream's first record on. */
export async function forwardAndRelay(walk: Walk, upstream: Leg, hello: { host: string; length: number }): Promise<void> {
  const { plane, session, socket, inbox } = walk;
  const forwarded = await forwardHello(plane, session, { client: socket, inbox, upstream }, hello, plane.settings.timeouts.helloMs);
  session.allowed();
  if (forwarded.kind === 'relay') return relayTunnel(walk, upstream, forwarded.handOver);
  inbox.detach();
  socket.destroy();
  upstream.destroy();
  session.ended(session.abortedBy ?? forwarded.by, { bytesUp: forwarded.sentUp, bytesDown: forwarded.sentDown });
}
