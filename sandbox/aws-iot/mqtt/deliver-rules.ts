/** A PUBLISH from the broker -> what the client gets of it, or why nothing. Pure. */

import type { IPublishPacket } from 'mqtt-packet';
import { encodePacket } from './codec.ts';
import type { RuleContext } from './rules.ts';
import { matchesFilter } from './topics.ts';

export type Delivery = { readonly kind: 'deliver'; readonly packet: IPublishPacket } | { readonly kind: 'drop'; readonly why: string };

export interface Receiver {
  readonly filters: ReadonlySet<string>;
  /** The largest packet that the client takes. */
  readonly packetBytesMax: number;
}

export function judgeDelivery(packet: IPublishPacket, receiver: Receiver, context: RuleContext): Delivery {
  // The broker matches `a/#` with `a`; AWS does not.
  const isWanted = receiver.filters.values().some((filter) => matchesFilter(filter, packet.topic));
  if (!isWanted) return { kind: 'drop', why: 'no filter matches by the rules of AWS' };

  const decision = context.authorize('iot:Receive', `topic/${packet.topic}`);
  if (!decision.allow) return { kind: 'drop', why: decision.reason };

  const { cmd, topic, payload, qos, retain, messageId, properties } = packet;
  const sent: IPublishPacket = {
    // "The MQTT DUP flag is not supported."
    ...{ cmd, topic, payload, qos, retain, dup: false },
    ...(messageId === undefined ? {} : { messageId }),
    ...(context.version === 5 && properties ? { properties } : {}),
  };
  const size = encodePacket(sent, context.version)?.length ?? Number.POSITIVE_INFINITY;
  // MQTT 5.0 section 3.1.2.11.4: discarded, "and behaves as if it had completed sending".
  return size > receiver.packetBytesMax ? { kind: 'drop', why: 'larger than the client takes' } : { kind: 'deliver', packet: sent };
}
