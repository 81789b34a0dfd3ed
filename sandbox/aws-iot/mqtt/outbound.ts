/** What the broker sends to one open connection -> what its client gets. */

import type { IPublishPacket, Packet } from 'mqtt-packet';
import type { ClientStream } from './client-stream.ts';
import { judgeDelivery } from './deliver-rules.ts';
import { REASON } from './reasons.ts';
import type { RuleContext } from './rules.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface OutboundDeps {
  readonly client: ClientStream;
  readonly subscriptions: Subscriptions;
  /** The largest packet that the client takes. */
  readonly packetBytesMax: number;
  readonly context: RuleContext;
  /** To the broker, in the client's name. */
  acknowledge(messageId: number): void;
  log(line: string): void;
}

/** False where the broker sent something that ends a connection. */
export function deliver(packet: Packet, deps: OutboundDeps): boolean {
  switch (packet.cmd) {
    case 'publish':
      deliverPublish(packet, deps);
      return true;
    case 'suback': {
      const { messageId = 0 } = packet;
      const granted = deps.subscriptions.complete(messageId, packet.granted as number[]);
      if (!granted) return true;
      deps.log(`subscribed: ${granted.filter((code) => code < REASON.UNSPECIFIED).length} of ${granted.length} filters`);
      deps.client.write({ cmd: 'suback', messageId, granted });
      return true;
    }
    case 'puback':
    case 'unsuback':
      deps.client.write(packet);
      return true;
    default:
      return false;
  }
}

function deliverPublish(packet: IPublishPacket, deps: OutboundDeps): void {
  const { filters } = deps.subscriptions;
  const delivery = judgeDelivery(packet, { filters, packetBytesMax: deps.packetBytesMax }, deps.context);
  if (delivery.kind === 'deliver') return deps.client.write(delivery.packet);
  deps.log(`not delivered: ${delivery.why}`);
  // To the broker it counts as delivered, or it would be kept for ever.
  if (packet.qos > 0 && packet.messageId !== undefined) deps.acknowledge(packet.messageId);
}
