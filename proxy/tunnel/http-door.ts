// A request head, in clear or inside TLS to one of our names: health, the address list, CONNECT, a gateway upgrade, or a refusal.

import type { RequestHead } from '../wire/request-head.ts';
import { RequestHeadReader } from '../wire/request-head.ts';
import { asksForAddresses, hasEtag } from '../wire/addresses-path.ts';
import { healthPath } from '../wire/health-path.ts';
import { renderAddresses, renderText } from '../wire/reply.ts';
import { serveConnect } from './connect-door.ts';
import { serveUpgrade } from './gateway-door.ts';
import type { Walk } from './walk.ts';

/** `deadlineMs` is a moment of the clock, counted from accept. */
export async function serveHttp(walk: Walk, deadlineMs: number): Promise<void> {
  const { session, plane } = walk;
  session.to('reading-head');
  walk.voice = 'http';
  const gateway = walk.secure?.gateway ?? null;
  session.record.door = gateway && walk.listener.doors.includes('gateway') ? 'gateway' : walk.secure ? 'connect-tls' : 'connect';

  const head = await readHead(walk, deadlineMs);
  if (!head) return;
  plane.recorder.stage('head', (plane.clock.nowMs() - walk.acceptMs) / 1_000);
  const health = healthPath(head);
  if (health) return answerHealth(walk, health, head.method);
  const { addresses } = plane.settings;
  if (addresses && asksForAddresses(head)) {
    return walk.leave(renderAddresses(addresses, { isHead: head.method === 'HEAD', isKnown: hasEtag(head, addresses.etag) }));
  }

  if (walk.limited) return walk.refuseLimited();
  walk.pendingEnded();
  session.to('deciding');
  if (head.method === 'CONNECT') {
    session.record.door = walk.secure ? 'connect-tls' : 'connect';
    return walk.listener.doors.includes(session.record.door) ? serveConnect(walk, head) : walk.refuse('METHOD_NOT_ALLOWED');
  }
  if (session.record.door === 'gateway') return serveUpgrade(walk, head);
  // Origin-form asks for something that is not here; every other form asks for what this proxy does not do.
  walk.refuse(head.target.startsWith('/') && head.method === 'GET' ? 'NOT_FOUND' : 'METHOD_NOT_ALLOWED');
}

/** Null where the connection has been refused or left. What follows the head stays in the inbox. */
async function readHead(walk: Walk, deadlineMs: number): Promise<RequestHead | null> {
  const reader = new RequestHeadReader();
  for (;;) {
    const step = reader.read(walk.inbox.bytes);
    if (step.kind === 'head') {
      walk.inbox.skip(step.length);
      return step.head;
    }
    if (step.kind === 'fault') {
      walk.refuse(step.code);
      return null;
    }
    const event = await walk.inbox.more(deadlineMs);
    if (event === 'bytes') continue;
    // Also where it left right behind the handshake: a client that distrusts our certificate does, and somebody will look for it.
    walk.refuse(event === 'deadline' ? 'HEAD_TIMEOUT' : 'CLIENT_GONE');
    return null;
  }
}

function answerHealth(walk: Walk, path: 'live' | 'ready', method: string): void {
  const yes = path === 'live' || walk.plane.isReady();
  const body = path === 'live' ? 'live\n' : yes ? 'ready\n' : 'closed\n';
  walk.leave(renderText(yes ? 200 : 503, yes ? 'OK' : 'Service Unavailable', body, method === 'HEAD'));
}
