// CONNECT, in clear or inside TLS: decide, open, answer with the one 200, judge the inner hello, relay.

import { EARLY_BYTES_MAX } from '../core/limits.ts';
import { decideTarget } from '../policy/decide.ts';
import { peeks } from '../policy/judge-hello.ts';
import { checkConnect } from '../wire/connect-request.ts';
import { ESTABLISHED } from '../wire/reply.ts';
import type { RequestHead } from '../wire/request-head.ts';
import { isKnown } from './identity.ts';
import { judgeFirstHello, nothingSent } from './peek.ts';
import { forwardAndRelay, openTunnel, relayTunnel } from './tunnel.ts';
import type { Walk } from './walk.ts';

export async function serveConnect(walk: Walk, head: RequestHead): Promise<void> {
  const { plane, session, inbox } = walk;
  const asked = checkConnect(head, plane.isOurs);
  // That an address is no target is a word about targets: strangers do not get to hear it.
  if (!asked.ok && asked.code !== 'TARGET_NOT_ALLOWED') return walk.refuse(asked.code);
  if (!isKnown(walk, head)) return;
  if (!asked.ok) return walk.refuse(asked.code);

  const { target } = asked.value;
  session.record.target_host = target.host;
  session.record.target_port = target.port;
  const decision = decideTarget(target, plane.list, session.tenant);
  if (!decision.allow) return walk.refuse(decision.code);

  inbox.setCap(EARLY_BYTES_MAX);
  const upstream = await openTunnel(walk, target, decision.listed, plane.settings.timeouts.answerMs);
  if (!upstream) return;

  try {
    session.to('answering');
    walk.socket.write(ESTABLISHED);
    walk.established();
    session.record.status = 200;
    if (!peeks(plane.settings.policy)) {
      session.allowed();
      return relayTunnel(walk, upstream, nothingSent(inbox));
    }
    session.to('peeking');
    const { helloMs } = plane.settings.timeouts;
    const length = await judgeFirstHello(plane, session, inbox, target.host, plane.clock.nowMs() + helloMs);
    await forwardAndRelay(walk, upstream, { host: target.host, length });
  } catch (error) {
    upstream.destroy();
    throw error;
  }
}
