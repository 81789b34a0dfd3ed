/** CONNECT -> the session that AWS would open, or its refusal. Pure. */

import { randomUUID } from 'node:crypto';
import type { IConnectPacket } from 'mqtt-packet';
import type { Decision } from '../policy/decide.ts';
import type { Limits } from '../limits.ts';
import type { Version } from './codec.ts';
import { REASON, RETURN_CODE } from './reasons.ts';
import { isPublishable, isReserved, isTopicName } from './topics.ts';

export interface Accepted {
  readonly kind: 'accept';
  readonly version: Version;
  readonly clientId: string;
  readonly isIdAssigned: boolean;
  readonly cleanStart: boolean;
  readonly keepAliveSeconds: number;
  readonly sessionExpirySeconds: number;
  readonly isExpiryAdjusted: boolean;
  readonly will: IConnectPacket['will'];
  /** Largest packet that the client takes; MQTT 5 only. */
  readonly packetBytesMax: number;
}

export interface Refused {
  readonly kind: 'refuse';
  readonly version: Version;
  readonly reason: number;
  /** Absent: MQTT 3 clients see the connection end without a CONNACK, as they do on AWS when a policy says no. */
  readonly returnCode?: number;
  readonly why: string;
}

export interface ConnectContext {
  readonly limits: Limits;
  authorize(clientId: string, action: string, resource: string): Decision;
}

export function judgeConnect(packet: IConnectPacket, context: ConnectContext): Accepted | Refused {
  const { limits } = context;
  const version = packet.protocolVersion === 5 ? 5 : 4;
  const refuse = (reason: number, why: string, returnCode?: number): Refused => ({
    ...{ kind: 'refuse' as const, version, reason, why },
    ...(returnCode === undefined ? {} : { returnCode }),
  });

  // "AWS IoT Core support for MQTT is based on MQTT v3.1.1 and v5.0": 3.1 (MQIsdp) and bridges are not among them.
  const isKnown = packet.protocolId === 'MQTT' && (packet.protocolVersion === 4 || packet.protocolVersion === 5);
  if (!isKnown || 'bridgeMode' in packet) {
    return refuse(REASON.UNSPECIFIED, 'protocol version is not 3.1.1 or 5', RETURN_CODE.UNACCEPTABLE_VERSION);
  }
  if (packet.properties?.authenticationMethod !== undefined) return refuse(REASON.BAD_AUTHENTICATION_METHOD, 'AUTH is not supported');

  const asked = packet.clientId ?? '';
  if (asked === '' && version === 4 && packet.clean === false) {
    return refuse(REASON.CLIENT_ID_INVALID, 'an empty client id needs a clean session', RETURN_CODE.IDENTIFIER_REJECTED);
  }
  if (asked.startsWith('$') || asked.includes('\0') || Buffer.byteLength(asked) > limits.clientIdBytesMax) {
    return refuse(REASON.CLIENT_ID_INVALID, 'client id is over 128 bytes or starts with $', RETURN_CODE.IDENTIFIER_REJECTED);
  }
  const clientId = asked === '' ? randomUUID() : asked;

  const will = packet.will;
  if (will) {
    if (will.qos === 2) return refuse(REASON.QOS_NOT_SUPPORTED, 'will with QoS 2');
    if (!isTopicName(will.topic, limits) || !isPublishable(will.topic)) return refuse(REASON.TOPIC_INVALID, 'will topic');
    if (will.retain && isReserved(will.topic)) return refuse(REASON.TOPIC_INVALID, 'retained will on a reserved topic');
  }

  const decision = context.authorize(clientId, 'iot:Connect', `client/${clientId}`);
  if (!decision.allow) return refuse(REASON.NOT_AUTHORIZED, decision.reason);

  const wanted = wantedExpiry(packet, version, limits);
  const sessionExpirySeconds = Math.min(wanted, limits.sessionExpiryMaxSeconds);
  return {
    kind: 'accept',
    version,
    clientId,
    isIdAssigned: asked === '',
    cleanStart: packet.clean !== false,
    keepAliveSeconds: clampKeepAlive(packet.keepalive ?? 0, limits),
    sessionExpirySeconds,
    isExpiryAdjusted: sessionExpirySeconds !== wanted,
    // A will that the policy does not let out is not an error at connect; it is never sent.
    will: will && mayPublish(context, clientId, will) ? will : undefined,
    packetBytesMax: packet.properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
  };
}

/** MQTT 3's persistent session is one that lasts as long as the account allows. */
function wantedExpiry(packet: IConnectPacket, version: Version, limits: Limits): number {
  if (version === 5) return packet.properties?.sessionExpiryInterval ?? 0;
  return packet.clean === false ? limits.sessionExpiryMaxSeconds : 0;
}

/** Quotas: "0 or more than 1200 is 1200, less than 30 is 30". */
function clampKeepAlive(seconds: number, limits: Limits): number {
  if (seconds === 0) return limits.keepAliveMaxSeconds;
  return Math.min(Math.max(seconds, limits.keepAliveMinSeconds), limits.keepAliveMaxSeconds);
}

function mayPublish(context: ConnectContext, clientId: string, will: NonNullable<IConnectPacket['will']>): boolean {
  const actions = will.retain ? ['iot:Publish', 'iot:RetainPublish'] : ['iot:Publish'];
  return actions.every((action) => context.authorize(clientId, action, `topic/${will.topic}`).allow);
}
