// The AWS IoT Device SDK v2 with its native transport (CRT), as its samples use it. One session each: connect, subscribe, publish, get the
// message back, go.

import assert from 'node:assert/strict';
import { auth, http, io, iot, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import { within } from '../hostile/bounded.ts';
import type { ClientWorld } from './client-world.ts';
import type { Spot } from './client-case.ts';

/** Generous, since the SDK has no bound of its own for a proxy's answer. */
const STEP_MS = 8_000;
/** The longest that AWS allows, and the SDK's default: nothing is sent by itself while a test runs. */
const KEEP_ALIVE_S = 1_200;

export type Mqtt5Builder = iot.AwsIotMqtt5ClientConfigBuilder;

export function plainProxy({ host, port }: Spot): http.HttpProxyOptions {
  return new http.HttpProxyOptions(host, port);
}

/** TLS to the proxy with roots and a name of its own; the SDK does not take the name from the host. */
export function tlsProxy({ host, port }: Spot, ca: string, name: string): http.HttpProxyOptions {
  const options = new io.TlsContextOptions();
  options.override_default_trust_store(ca);
  const tls = new io.TlsConnectionOptions(new io.ClientTlsContext(options), name);
  const { HttpProxyAuthenticationType: Authentication, HttpProxyConnectionType: Connection } = http;
  return new http.HttpProxyOptions(host, port, Authentication.None, undefined, undefined, tls, Connection.Tunneling);
}

export function byCertificate(host: string, device: ClientWorld['device']): Mqtt5Builder {
  const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(host, device.cert, device.key);
  return builder.withCertificateAuthority(device.ca);
}

export function bySigV4({ place, device }: ClientWorld, credentialsProvider: auth.AwsCredentialsProvider): Mqtt5Builder {
  const { data, region } = place.aws;
  const builder = iot.AwsIotMqtt5ClientConfigBuilder.newWebsocketMqttBuilderWithSigv4Auth(data.host, { credentialsProvider, region });
  return builder.withCertificateAuthority(device.ca);
}

export function longLivedKey({ place }: ClientWorld): auth.AwsCredentialsProvider {
  const { accessKeyId, secretAccessKey } = place.aws.accessKey;
  return auth.AwsCredentialsProvider.newStatic(accessKeyId, secretAccessKey);
}

/** Credentials by device certificate, through the proxy too. */
export function roleCredentials({ place, device }: ClientWorld, spot: Spot): auth.AwsCredentialsProvider {
  const { aws } = place;
  const tls = io.TlsContextOptions.create_client_with_mtls(device.cert, device.key);
  tls.override_default_trust_store(device.ca);
  return auth.AwsCredentialsProvider.newX509({
    endpoint: aws.credentials.host,
    thingName: aws.thing,
    roleAlias: aws.roleAlias,
    tlsContext: new io.ClientTlsContext(tls),
    httpProxyOptions: plainProxy(spot),
  });
}

/** An MQTT 5 session that is open. */
export class Mqtt5Session {
  /** Every payload that came, in order. */
  readonly received: string[] = [];
  /** What the SDK told of losing the connection, or of failing to come back. */
  readonly interruptions: string[] = [];
  readonly #client: mqtt5.Mqtt5Client;
  readonly #topic: string;

  private constructor(client: mqtt5.Mqtt5Client, topic: string) {
    this.#client = client;
    this.#topic = topic;
    client.on('messageReceived', ({ message }) => this.received.push(Buffer.from(message.payload as ArrayBuffer).toString()));
    client.on('disconnection', ({ error }) => this.interruptions.push(String(error)));
    client.on('connectionFailure', ({ error }) => this.interruptions.push(String(error)));
  }

  /** Connected and subscribed; throws the SDK's own error if the first attempt fails. */
  static async open(builder: Mqtt5Builder, clientId: string): Promise<Mqtt5Session> {
    builder.withConnectProperties({ clientId, keepAliveIntervalSeconds: KEEP_ALIVE_S });
    const client = new mqtt5.Mqtt5Client(builder.build());
    const topic = `test/real/${clientId}`;
    try {
      await within(STEP_MS, 'connected', firstOutcome(client));
      const session = new Mqtt5Session(client, topic);
      const subscriptions = [{ topicFilter: topic, qos: mqtt5.QoS.AtLeastOnce }];
      const { reasonCodes } = await within(STEP_MS, 'subscribed', client.subscribe({ subscriptions }));
      assert.deepEqual(reasonCodes, [mqtt5.SubackReasonCode.GrantedQoS1]);
      return session;
    } catch (error) {
      await stop(client);
      throw error;
    }
  }

  /** Returns when the message has been acknowledged and has come back. */
  async echo(payload: string): Promise<void> {
    const { promise: back, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.received.at(-1) === payload) resolve();
    };
    this.#client.on('messageReceived', look);
    const packet = { topicName: this.#topic, payload, qos: mqtt5.QoS.AtLeastOnce };
    const puback = (await within(STEP_MS, 'acknowledged', this.#client.publish(packet))) as mqtt5.PubackPacket;
    assert.equal(puback.reasonCode, mqtt5.PubackReasonCode.Success);
    await within(STEP_MS, 'the message came back', back);
    this.#client.off('messageReceived', look);
  }

  async end(): Promise<void> {
    await stop(this.#client);
  }
}

/** One whole session: throws unless a message made the round trip. */
export async function echoOnce(builder: Mqtt5Builder, clientId: string): Promise<void> {
  const session = await Mqtt5Session.open(builder, clientId);
  try {
    await session.echo(`from ${clientId}`);
    assert.deepEqual(session.interruptions, []);
  } finally {
    await session.end();
  }
}

function firstOutcome(client: mqtt5.Mqtt5Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.once('connectionSuccess', () => resolve());
    // Stopped at once, before the SDK comes back by itself.
    client.once('connectionFailure', ({ error }) => {
      client.stop();
      reject(new Error(String(error)));
    });
    client.start();
  });
}

/** What is not closed keeps the process alive. */
async function stop(client: mqtt5.Mqtt5Client): Promise<void> {
  const stopped = new Promise((resolve) => client.once('stopped', resolve));
  client.stop();
  await within(STEP_MS, 'stopped', stopped).finally(() => client.close());
}

/** The older client of the same SDK: MQTT 3.1.1, with its own connection and proxy code above the CRT. */
export async function echoOnce311({ place, device }: ClientWorld, spot: Spot, clientId: string, host = place.aws.data.host): Promise<void> {
  const builder = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(device.cert, device.key)
    .with_certificate_authority(device.ca)
    .with_endpoint(host)
    .with_port(443)
    .with_client_id(clientId)
    .with_clean_session(true)
    .with_http_proxy_options(plainProxy(spot));
  const connection = new mqtt.MqttClient().new_connection(builder.build());
  const topic = `test/real/${clientId}`;
  await within(STEP_MS, 'connected', connection.connect());
  try {
    const { promise: back, resolve } = Promise.withResolvers<string>();
    const onMessage = (_topic: string, payload: ArrayBuffer): void => resolve(Buffer.from(payload).toString());
    await within(STEP_MS, 'subscribed', connection.subscribe(topic, mqtt.QoS.AtLeastOnce, onMessage));
    await within(STEP_MS, 'acknowledged', connection.publish(topic, 'hello', mqtt.QoS.AtLeastOnce));
    assert.equal(await within(STEP_MS, 'the message came back', back), 'hello');
  } finally {
    await within(STEP_MS, 'disconnected', connection.disconnect());
  }
}
