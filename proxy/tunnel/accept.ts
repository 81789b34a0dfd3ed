// A connection's first stages: PROXY header where one is due, then the first bytes say which way it goes.

import { unmapped } from '../core/address.ts';
import { HELLO_BYTES_MAX } from '../core/limits.ts';
import type { ListenerSettings } from '../core/settings.ts';
import { readProxyHeader } from '../wire/proxy-protocol.ts';
import { sniff } from '../wire/sniff.ts';
import { serveHttp } from './http-door.ts';
import { Inbox } from './inbox.ts';
import type { Leg, Peer } from './leg.ts';
import { own } from './owned-socket.ts';
import type { DataPlane } from './plane.ts';
import { Session } from './session.ts';
import { serveTls } from './tls-door.ts';
import { Walk } from './walk.ts';

/** The first byte of a TLS record that carries a handshake (RFC 8446 section 5.1). */
const TLS_HANDSHAKE = 0x16;

/** Takes over an accepted, paused socket for the rest of its life. Never throws. */
export function serveConnection(
  plane: DataPlane,
  listener: ListenerSettings,
  socket: Leg & Peer,
  isTrustedProxy: (address: string) => boolean,
): void {
  own(socket, null);
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return void socket.destroy();

  const client = { address: unmapped(remoteAddress), port: remotePort };
  const session = new Session(plane, listener.name, client);
  const inbox = new Inbox(socket, plane.clock, HELLO_BYTES_MAX);
  const walk = new Walk(plane, listener, socket, session, inbox);
  const work = listener.proxyProtocolTrust && isTrustedProxy(client.address) ? afterProxyHeader(walk) : firstBytes(walk);
  work.catch((error: unknown) => walk.fail(error));
}

/** A trusted source has to say first for whom it speaks (haproxy.org, proxy-protocol.txt, section 2). */
async function afterProxyHeader(walk: Walk): Promise<void> {
  const { inbox, session, plane } = walk;
  // Many clients stand behind it, so that it is no source to count against; the node's room is the same.
  if (!walk.pendingStarted(session.record.id)) walk.joinReserve('NODE_FULL');
  const deadlineMs = walk.acceptMs + plane.settings.timeouts.proxyHeaderMs;
  for (;;) {
    const step = readProxyHeader(inbox.bytes);
    if (step.kind === 'fault') return walk.refuse('PROXY_HEADER_INVALID');
    if (step.kind === 'header') {
      inbox.skip(step.length);
      if (step.source) {
        session.record.client_ip = unmapped(step.source.address);
        session.record.client_port = step.source.port;
      }
      walk.pendingEnded();
      return firstBytes(walk);
    }
    const event = await inbox.more(deadlineMs);
    if (event === 'bytes') continue;
    if (inbox.bytes.length === 0) return walk.leave(null);
    return walk.refuse(event === 'deadline' ? 'PROXY_HEADER_INVALID' : 'CLIENT_GONE');
  }
}

async function firstBytes(walk: Walk): Promise<void> {
  const { inbox, plane } = walk;
  // Until its request is known a connection counts against its source: a good tunnel never does.
  // A flood must not silence the health checks: they stand outside the limits.
  if (walk.pendingStarted(plane.sourceKey(walk.session.record.client_ip))) walk.limited = null;
  else walk.joinReserve(plane.limits.isPendingFull() ? 'NODE_FULL' : 'SOURCE_LIMITED');
  const { headMs, helloMs } = plane.settings.timeouts;
  for (;;) {
    const kind = inbox.bytes.length === 0 ? 'more' : sniff(inbox.bytes);
    if (kind !== 'more') plane.recorder.stage('sniff', (plane.clock.nowMs() - walk.acceptMs) / 1_000);
    if (kind === 'http') return serveHttp(walk, walk.acceptMs + headMs);
    if (kind === 'tls') return serveTls(walk);
    if (kind === 'proxy') return walk.refuse('PROXY_HEADER_INVALID');
    if (kind === 'unknown') return walk.refuse('PROTOCOL_UNKNOWN');

    const mayBeTls = inbox.bytes[0] === TLS_HANDSHAKE;
    const event = await inbox.more(walk.acceptMs + (mayBeTls ? helloMs : headMs));
    if (event === 'bytes') continue;
    // It never sent a byte: no record.
    if (inbox.bytes.length === 0) return walk.leave(null);
    if (event !== 'deadline') return walk.refuse('CLIENT_GONE');
    walk.voice = mayBeTls ? 'alert' : 'http';
    return walk.refuse(mayBeTls ? 'HELLO_TIMEOUT' : 'HEAD_TIMEOUT');
  }
}
