// A few lines of an MQTT 5 broker for the agent's tests: takes every session, acknowledges, and echoes each message to its sender.

import type { Duplex } from 'node:stream';
import { generate, parser, type IConnectPacket, type Packet } from 'mqtt-packet';

export interface BrokerRules {
  /** CONNACK reason code; 0 is yes. */
  readonly connack?: number;
  /** Ends the connection in place of a CONNACK. */
  readonly isSilent?: boolean;
  readonly onConnect?: (packet: IConnectPacket, reply: (packet: Packet) => void) => void;
}

const MQTT5 = { protocolVersion: 5 };

export function serveMqtt(stream: Duplex, rules: BrokerRules = {}): void {
  const incoming = parser(MQTT5);
  const reply = (packet: Packet): void => void stream.write(generate(packet, MQTT5));
  stream.on('data', (chunk: Buffer) => incoming.parse(chunk));
  stream.on('error', () => {});
  incoming.on('packet', (packet) => {
    switch (packet.cmd) {
      case 'connect':
        if (rules.isSilent) return stream.destroy();
        reply({ cmd: 'connack', sessionPresent: false, reasonCode: rules.connack ?? 0 });
        return rules.onConnect?.(packet, reply);
      case 'subscribe':
        return reply({
          cmd: 'suback',
          messageId: packet.messageId ?? 0,
          granted: packet.subscriptions.map(({ topic }) => (topic === 'refused' ? 0x87 : 1)),
        });
      case 'publish':
        reply({ cmd: 'puback', messageId: packet.messageId ?? 0, reasonCode: 0 });
        return reply({ ...packet, qos: 0, dup: false });
      case 'pingreq':
        return reply({ cmd: 'pingresp' });
      default:
    }
  });
}
