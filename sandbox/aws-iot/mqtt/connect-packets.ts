/** An accepted session -> the CONNECT that the broker gets and the CONNACK that the client gets. Pure. */

import type { IConnackPacket, IConnectPacket } from 'mqtt-packet';
import type { Limits } from '../limits.ts';
import type { Accepted } from './connect-rules.ts';
import { RETURN_CODE } from './reasons.ts';

/** Always MQTT 5, and never a keep-alive: the gate watches that itself. */
export function renderConnect(session: Accepted, isResumed: boolean): IConnectPacket {
  return {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 5,
    clientId: session.clientId,
    clean: !isResumed,
    keepalive: 0,
    properties: { sessionExpiryInterval: session.sessionExpirySeconds },
    ...(session.will ? { will: session.will } : {}),
  };
}

/** Guide, "MQTT 5 properties": what AWS tells of itself. */
export function renderConnack(session: Accepted, isResumed: boolean, limits: Limits): IConnackPacket {
  if (session.version === 4) return { cmd: 'connack', sessionPresent: isResumed, returnCode: 0 };
  return {
    cmd: 'connack',
    sessionPresent: isResumed,
    reasonCode: 0,
    properties: {
      receiveMaximum: limits.receiveMaximum,
      maximumQoS: 1,
      retainAvailable: true,
      maximumPacketSize: limits.packetBytesMax,
      topicAliasMaximum: limits.topicAliasMax,
      wildcardSubscriptionAvailable: true,
      subscriptionIdentifiersAvailable: false,
      // AWS has them; the broker here has not, and says so rather than losing messages.
      sharedSubscriptionAvailable: false,
      serverKeepAlive: session.keepAliveSeconds,
      ...(session.isIdAssigned ? { assignedClientIdentifier: session.clientId } : {}),
      ...(session.isExpiryAdjusted ? { sessionExpiryInterval: session.sessionExpirySeconds } : {}),
    },
  };
}

export function renderRefusal(reason: number, returnCode: number | undefined, version: Accepted['version']): IConnackPacket {
  if (version === 5) return { cmd: 'connack', sessionPresent: false, reasonCode: reason };
  return { cmd: 'connack', sessionPresent: false, returnCode: returnCode ?? RETURN_CODE.IDENTIFIER_REJECTED };
}
