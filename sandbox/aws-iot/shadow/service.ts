/** Joins the shadows to the broker: what is published to a request topic is answered on the topics beside it. */

import type { Limits } from '../limits.ts';
import type { Broker } from '../mqtt/broker.ts';
import { parseShadowTopic, ShadowStore } from './store.ts';

export async function startShadows(broker: Broker, limits: Limits, now: () => number): Promise<void> {
  const store = new ShadowStore(limits, now);
  await broker.listen('$aws/things/+/shadow/#', (topic, payload) => {
    const request = parseShadowTopic(topic);
    if (!request) return;
    for (const message of store.handle(request, payload)) {
      void broker.publish({ topic: message.topic, payload: JSON.stringify(message.body), qos: 1, retain: false });
    }
  });
}
