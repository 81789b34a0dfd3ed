// A ClientHello as first bytes: its SNI says whether it goes untouched to a listed endpoint or is terminated here.

import type { ListedHost } from '../core/settings.ts';
import { decideTarget } from '../policy/decide.ts';
import { routeSni, SNI_DOOR_PORT } from '../policy/sni-route.ts';
import { readClientHello, type HelloStep } from '../wire/client-hello.ts';
import { HEAD_BYTES_MAX } from '../core/limits.ts';
import { serveHttp } from './http-door.ts';
import { asSocket } from './as-stream.ts';
import { Inbox } from './inbox.ts';
import { clientCertificateOf } from './client-certificate.ts';
import { isKnown } from './identity.ts';
import { judge } from './peek.ts';
import { forwardAndRelay, openTunnel } from './tunnel.ts';
import type { Walk } from './walk.ts';
import { wireText } from '../core/wire-text.ts';

type WholeHello = HelloStep & { kind: 'hello' };

export async function serveTls(walk: Walk): Promise<void> {
  const { plane, session } = walk;
  walk.voice = 'alert';
  const judged = await readHello(walk, walk.acceptMs + plane.settings.timeouts.helloMs);
  if (!judged) return;

  const { hello } = judged;
  session.record.sni = hello.sni === null ? null : wireText(hello.sni);
  const route = routeSni(hello.sni, walk.listener.doors, {
    list: plane.list,
    gateways: plane.gatewayNames,
    tlsNames: plane.settings.tls?.names ?? [],
  });
  if ('refuse' in route) {
    const { doors } = walk.listener;
    session.record.door = doors.includes('sni') ? 'sni' : doors.includes('connect-tls') ? 'connect-tls' : null;
    return walk.refuse(route.refuse);
  }
  return route.door === 'sni' ? passThrough(walk, judged, route.listed) : terminate(walk, route.gateway);
}

/** Null where the connection has been refused or left; the hello stays in the inbox. */
async function readHello(walk: Walk, deadlineMs: number): Promise<WholeHello | null> {
  for (;;) {
    const step = readClientHello(walk.inbox.bytes);
    if (step.kind === 'hello') return step;
    if (step.kind === 'fault') {
      walk.refuse(step.code);
      return null;
    }
    const event = await walk.inbox.more(deadlineMs);
    if (event === 'bytes') continue;
    walk.refuse(event === 'deadline' ? 'HELLO_TIMEOUT' : 'CLIENT_GONE');
    return null;
  }
}

async function passThrough(walk: Walk, judged: WholeHello, listed: ListedHost): Promise<void> {
  const { plane, session } = walk;
  session.record.door = 'sni';
  if (walk.limited) return walk.refuseLimited();
  walk.pendingEnded();
  session.to('deciding');
  const host = judged.hello.sni ?? listed.host;
  const target = { host, port: SNI_DOOR_PORT };
  if (!isKnown(walk, null)) return;
  const decision = decideTarget(target, plane.list, session.tenant);
  if (!decision.allow) return walk.refuse(decision.code);
  judge(plane, session, judged, host);

  const upstream = await openTunnel(walk, target, listed, plane.settings.timeouts.answerMs);
  if (!upstream) return;
  try {
    session.to('peeking');
    await forwardAndRelay(walk, upstream, { host, length: judged.length });
  } catch (error) {
    upstream.destroy();
    throw error;
  }
}

async function terminate(walk: Walk, gateway: string | null): Promise<void> {
  const { plane, session, raw, listener } = walk;
  session.record.door = gateway !== null && listener.doors.includes('gateway') ? 'gateway' : 'connect-tls';
  walk.voice = 'none';
  if (!plane.terminator) return walk.refuse('SNI_MISSING');
  session.to('handshaking');
  const firstBytes = walk.inbox.detach();
  const { handshakeMs, headMs } = plane.settings.timeouts;
  // From here on it is this that is closed when somebody refuses, as for want of room.
  const plain = asSocket(raw, plane.highWaterMark);
  walk.socket = plain;
  const secure = await plane.terminator.handshake(plain, firstBytes, walk.acceptMs + handshakeMs);
  // Refused in the very moment in which the handshake was done.
  if (session.isOver) return void secure.destroy();
  plane.recorder.stage('handshake', (plane.clock.nowMs() - walk.acceptMs) / 1_000);
  session.record.tls_version = secure.getProtocol();
  walk.secure = { gateway, certificate: plane.settings.tls?.clients ? clientCertificateOf(secure) : null };
  walk.socket = secure;
  walk.inbox = new Inbox(secure, plane.clock, 2 * HEAD_BYTES_MAX);
  return serveHttp(walk, walk.acceptMs + headMs);
}
