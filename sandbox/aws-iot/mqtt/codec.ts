/** Whole packets <-> values, by mqtt-packet. Never throws on what came from the wire. */

import { generate, parser, type Packet } from 'mqtt-packet';

/** 4 is MQTT 3.1.1, 5 is MQTT 5.0. */
export type Version = 4 | 5;

/** The packet of one whole frame; undefined where it breaks the specification. */
export function decodePacket(frame: Buffer, version: Version): Packet | undefined {
  let packet: Packet | undefined;
  let isBroken = false;
  try {
    const reader = parser({ protocolVersion: version });
    reader.on('packet', (parsed) => (packet = parsed));
    reader.on('error', () => (isBroken = true));
    if (reader.parse(frame) > 0) isBroken = true;
  } catch {
    // The parser throws a RangeError on some cut-off packets instead of reporting them.
    isBroken = true;
  }
  if (isBroken || !packet || lacksIdentifier(packet)) return undefined;
  // The parser lets some properties pass that nobody may send, such as one that comes twice; those cannot be written again.
  const hasProperties = 'properties' in packet || (packet.cmd === 'connect' && packet.will?.properties !== undefined);
  return hasProperties && !encodePacket(packet, version) ? undefined : packet;
}

/** [MQTT-2.3.1-1]: these carry an identifier that is not zero. The parser lets zero, and -1 of its own, pass. */
function lacksIdentifier(packet: Packet): boolean {
  const needsOne = /^(subscribe|unsubscribe|puback|suback|unsuback)$/.test(packet.cmd) || (packet.cmd === 'publish' && packet.qos > 0);
  return needsOne && (packet.messageId ?? 0) <= 0;
}

/** undefined where the packet cannot be written in this version, such as a property value out of range. */
export function encodePacket(packet: Packet, version: Version): Buffer | undefined {
  try {
    return generate(packet, { protocolVersion: version });
  } catch {
    return undefined;
  }
}
