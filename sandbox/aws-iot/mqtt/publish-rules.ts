/** PUBLISH -> what goes on to the broker, or why not. Holds the topic aliases of one connection; otherwise pure. */

import type { IPublishPacket } from 'mqtt-packet';
import { REASON } from './reasons.ts';
import { close, type Close, type Ignore, type RuleContext } from './rules.ts';
import { isPublishable, isReserved, isTopicName } from './topics.ts';

/** A close that MQTT 5 clients first see as the PUBACK's reason code. */
export type PublishClose = Close & { readonly acknowledge?: boolean };
export type PublishVerdict = { readonly kind: 'forward'; readonly packet: IPublishPacket } | PublishClose | Ignore;

/** Topic aliases that the client has set up (MQTT 5.0 section 3.3.2.3.4). */
export type TopicAliases = Map<number, string>;

export function judgePublish(packet: IPublishPacket, aliases: TopicAliases, context: RuleContext): PublishVerdict {
  const { limits, version } = context;
  if (packet.qos === 2) {
    // "When QoS level 2 is requested, the message broker doesn't send a PUBACK or SUBACK"; MQTT 5 has Maximum QoS for it.
    return version === 5 ? close(REASON.QOS_NOT_SUPPORTED, 'publish with QoS 2') : { kind: 'ignore', why: 'publish with QoS 2' };
  }
  const topic = resolveAlias(packet, aliases, limits.topicAliasMax);
  if (topic === undefined) return close(REASON.TOPIC_ALIAS_INVALID, 'topic alias');

  if (!isTopicName(topic, limits)) return { ...close(REASON.TOPIC_INVALID, `topic ${show(topic)}`), acknowledge: true };
  if (Buffer.byteLength(packet.payload) > limits.payloadBytesMax) return close(REASON.PACKET_TOO_LARGE, 'payload over 128 KB');
  if (packet.retain && isReserved(topic)) {
    return { ...close(REASON.TOPIC_INVALID, `retained on the reserved topic ${show(topic)}`), acknowledge: true };
  }

  const actions = packet.retain ? ['iot:Publish', 'iot:RetainPublish'] : ['iot:Publish'];
  const denied = actions.map((action) => context.authorize(action, `topic/${topic}`)).find((decision) => !decision.allow);
  if (denied) return { ...close(REASON.NOT_AUTHORIZED, denied.reason), acknowledge: true };
  if (!isPublishable(topic)) return { ...close(REASON.NOT_AUTHORIZED, `${show(topic)} is not for publishing`), acknowledge: true };

  return { kind: 'forward', packet: { ...packet, topic, dup: false, ...forwardedProperties(packet, limits.messageExpiryMaxSeconds) } };
}

function resolveAlias(packet: IPublishPacket, aliases: TopicAliases, topicAliasMax: number): string | undefined {
  const alias = packet.properties?.topicAlias;
  if (alias === undefined) return packet.topic;
  if (alias < 1 || alias > topicAliasMax) return undefined;
  if (packet.topic === '') return aliases.get(alias);
  aliases.set(alias, packet.topic);
  return packet.topic;
}

/** An alias belongs to this connection alone. Guide, "Message expiry": 0 becomes 1, more than 7 days becomes 7 days. */
function forwardedProperties(packet: IPublishPacket, messageExpiryMaxSeconds: number): Pick<IPublishPacket, 'properties'> {
  if (!packet.properties) return {};
  const { topicAlias: _, messageExpiryInterval, ...rest } = packet.properties;
  if (messageExpiryInterval === undefined) return { properties: rest };
  return { properties: { ...rest, messageExpiryInterval: Math.min(Math.max(messageExpiryInterval, 1), messageExpiryMaxSeconds) } };
}

function show(topic: string): string {
  return JSON.stringify(topic.length > 80 ? `${topic.slice(0, 80)}...` : topic);
}
