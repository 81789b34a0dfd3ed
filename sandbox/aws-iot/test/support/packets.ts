/** Packets that many tests send. */

import type { IConnectPacket, IPublishPacket } from 'mqtt-packet';
import type { Registry } from '../../registry.ts';
import type { World } from './harness.ts';
import { type DialInput, join, type RawMqtt } from './raw-mqtt.ts';

export const WILL = { topic: 'test/will', payload: Buffer.from('gone'), qos: 1 as const, retain: false };

export function publish(topic: string, extra: Partial<IPublishPacket> = {}): IPublishPacket {
  return { cmd: 'publish', topic, payload: Buffer.from('hi'), qos: 0, retain: false, dup: false, ...extra };
}

/** A client that has its CONNACK. */
export async function open(world: World, connectPacket: Partial<IConnectPacket> = {}, input: DialInput = {}): Promise<RawMqtt> {
  const client = await join(world, connectPacket, input);
  await client.next('connack');
  return client;
}

/** The device's policy allows everything. */
export function openRegistry(standard: Registry): Registry {
  const device = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'iot:*', Resource: '*' } };
  return { ...standard, policies: { ...standard.policies, 'sandbox-device': device } };
}
