/** AWS's own SDK, with its native transport, TLS and signer: by certificate on both ports, and over WebSocket. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { auth, http, io, iot, iotshadow, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import { collectGarbage } from './support/garbage.ts';
import { startWorld, type World } from './support/harness.ts';
import { type Relay, startRelay } from './support/relay.ts';

let world: World;
let relay: Relay;
let device: { ca: string; cert: string; key: string };
const started: mqtt5.Mqtt5Client[] = [];

before(async () => {
  world = await startWorld();
  relay = await startRelay(world.aws);
  device = { ca: await world.read('ca'), cert: await world.read('deviceCertificate'), key: await world.read('deviceKey') };
});
after(async () => {
  closeAll();
  await relay.stop();
  await world.stop();
  await collectGarbage();
});

/** Not in the hook itself: what its frame still holds while it waits is not garbage. */
function closeAll(): void {
  for (const client of started.splice(0)) client.close();
}

const proxy = () => new http.HttpProxyOptions('127.0.0.1', relay.port);
const byCertificate = () =>
  iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(world.aws.data.host, device.cert, device.key);

function bySigV4(provider: auth.AwsCredentialsProvider): iot.AwsIotMqtt5ClientConfigBuilder {
  return iot.AwsIotMqtt5ClientConfigBuilder.newWebsocketMqttBuilderWithSigv4Auth(world.aws.data.host, {
    credentialsProvider: provider,
    region: world.aws.region,
  });
}

interface Started {
  readonly client: mqtt5.Mqtt5Client;
  readonly outcome: Promise<mqtt5.ConnectionSuccessEvent | mqtt5.ConnectionFailureEvent>;
}

function start(builder: iot.AwsIotMqtt5ClientConfigBuilder, port: number, packet: Partial<mqtt5.ConnectPacket> = {}): Started {
  builder
    .withCertificateAuthority(device.ca)
    .withPort(port)
    .withHttpProxyOptions(proxy())
    .withConnectProperties({ clientId: world.aws.thing, keepAliveIntervalSeconds: 1_200, ...packet });
  const client = new mqtt5.Mqtt5Client(builder.build());
  started.push(client);
  const outcome = new Promise<mqtt5.ConnectionSuccessEvent | mqtt5.ConnectionFailureEvent>((resolve) => {
    client.once('connectionSuccess', resolve);
    client.once('connectionFailure', resolve);
  });
  client.start();
  return { client, outcome };
}

async function stop(client: mqtt5.Mqtt5Client): Promise<void> {
  const stopped = new Promise((resolve) => client.once('stopped', resolve));
  client.stop();
  await stopped;
}

async function echo(client: mqtt5.Mqtt5Client, topicName: string): Promise<void> {
  const { AtLeastOnce } = mqtt5.QoS;
  const suback = await client.subscribe({ subscriptions: [{ topicFilter: topicName, qos: AtLeastOnce }] });
  assert.deepEqual(suback.reasonCodes, [1]);
  const received = new Promise<mqtt5.MessageReceivedEvent>((resolve) => client.once('messageReceived', resolve));
  const userProperties = [{ name: 'a', value: 'b' }];
  const puback = await client.publish({ topicName, payload: 'hello', qos: AtLeastOnce, userProperties });
  assert.equal((puback as mqtt5.PubackPacket).reasonCode, 0);
  const { message } = await received;
  assert.equal(Buffer.from(message.payload as ArrayBuffer).toString(), 'hello');
  assert.deepEqual(message.userProperties, userProperties);
}

for (const port of [443, 8883]) {
  test(`MQTT 5 by certificate on ${port}`, async () => {
    const { client, outcome } = start(byCertificate(), port);
    const { connack, settings } = (await outcome) as mqtt5.ConnectionSuccessEvent;
    assert.equal(connack?.reasonCode, 0);
    const { maximumQos, maximumPacketSizeToServer, serverKeepAlive, receiveMaximumFromServer, topicAliasMaximumToServer } = settings;
    assert.deepEqual(
      { maximumQos, maximumPacketSizeToServer, serverKeepAlive, receiveMaximumFromServer, topicAliasMaximumToServer },
      {
        maximumQos: 1,
        maximumPacketSizeToServer: 131_072,
        serverKeepAlive: 1_200,
        receiveMaximumFromServer: 100,
        topicAliasMaximumToServer: 8,
      },
    );
    await echo(client, `devices/${world.aws.thing}/sdk`);
    await stop(client);
  });
}

test('MQTT 5 over WebSocket, signed by the SDK with a long-lived key', async () => {
  const { accessKeyId, secretAccessKey } = world.aws.accessKey;
  const { client, outcome } = start(bySigV4(auth.AwsCredentialsProvider.newStatic(accessKeyId, secretAccessKey)), 443, { clientId: 'any' });
  assert.equal(((await outcome) as mqtt5.ConnectionSuccessEvent).connack?.reasonCode, 0);
  await echo(client, 'anywhere');
  await stop(client);
});

test('MQTT 5 over WebSocket, with credentials that the SDK fetched by certificate', async () => {
  const tls = new io.TlsContextOptions();
  tls.certificate = device.cert;
  tls.private_key = device.key;
  tls.override_default_trust_store(device.ca);
  const provider = auth.AwsCredentialsProvider.newX509({
    endpoint: world.aws.credentials.host,
    thingName: world.aws.thing,
    roleAlias: world.aws.roleAlias,
    tlsContext: new io.ClientTlsContext(tls),
    httpProxyOptions: proxy(),
  });
  const { client, outcome } = start(bySigV4(provider), 443);
  assert.equal(((await outcome) as mqtt5.ConnectionSuccessEvent).connack?.reasonCode, 0);
  await echo(client, `devices/${world.aws.thing}/role`);
  assert.ok(world.lines.some((line) => line.startsWith('credentials: GET "/role-aliases/sandbox-role-alias/credentials": 200')));
  await stop(client);
});

test('a wrong key is a failed WebSocket upgrade, and no connection', async () => {
  const { accessKeyId } = world.aws.accessKey;
  const { client, outcome } = start(bySigV4(auth.AwsCredentialsProvider.newStatic(accessKeyId, 'wrong')), 443);
  const failure = (await outcome) as mqtt5.ConnectionFailureEvent;
  assert.match(String(failure.error), /WEBSOCKET_UPGRADE_FAILURE/);
  await stop(client);
});

test('a client id that the policy does not allow is refused with 0x87', async () => {
  const { client, outcome } = start(byCertificate(), 443, { clientId: 'sandbox-second' });
  const { connack } = (await outcome) as mqtt5.ConnectionFailureEvent;
  assert.equal(connack?.reasonCode, mqtt5.ConnectReasonCode.NotAuthorized);
  await stop(client);
});

test('an unauthorized publish is acknowledged as such, then the connection ends', async () => {
  const { client, outcome } = start(byCertificate(), 8883);
  await outcome;
  const disconnected = new Promise<mqtt5.DisconnectionEvent>((resolve) => client.once('disconnection', resolve));
  const puback = await client.publish({ topicName: 'private/x', payload: 'no', qos: mqtt5.QoS.AtLeastOnce });
  assert.equal((puback as mqtt5.PubackPacket).reasonCode, mqtt5.PubackReasonCode.NotAuthorized);
  assert.equal((await disconnected).disconnect?.reasonCode, mqtt5.DisconnectReasonCode.NotAuthorized);
  await stop(client);
});

test('a second client with the same id takes the session over', async () => {
  const first = start(byCertificate(), 443);
  await first.outcome;
  const disconnected = new Promise<mqtt5.DisconnectionEvent>((resolve) => first.client.once('disconnection', resolve));
  const stopped = disconnected.then(() => stop(first.client));
  const second = start(byCertificate(), 8883);
  await second.outcome;
  assert.equal((await disconnected).disconnect?.reasonCode, mqtt5.DisconnectReasonCode.SessionTakenOver);
  await stopped;
  await stop(second.client);
});

test('a session is rejoined with its subscriptions', async () => {
  const packet = { sessionExpiryIntervalSeconds: 600 };
  const first = start(byCertificate().withSessionBehavior(mqtt5.ClientSessionBehavior.RejoinAlways), 443, packet);
  await first.outcome;
  await first.client.subscribe({ subscriptions: [{ topicFilter: 'test/rejoin', qos: mqtt5.QoS.AtLeastOnce }] });
  await stop(first.client);
  const second = start(byCertificate().withSessionBehavior(mqtt5.ClientSessionBehavior.RejoinAlways), 443, packet);
  const { settings } = (await second.outcome) as mqtt5.ConnectionSuccessEvent;
  assert.equal(settings.rejoinedSession, true);
  const received = new Promise<mqtt5.MessageReceivedEvent>((resolve) => second.client.once('messageReceived', resolve));
  await second.client.publish({ topicName: 'test/rejoin', payload: 'x', qos: mqtt5.QoS.AtMostOnce });
  await received;
  await stop(second.client);
});

test("the SDK's shadow client updates and reads a shadow", async () => {
  const { client, outcome } = start(byCertificate(), 443);
  await outcome;
  const shadow = iotshadow.IotShadowClientv2.newFromMqtt5(client, {
    maxRequestResponseSubscriptions: 5,
    maxStreamingSubscriptions: 2,
    operationTimeoutInSeconds: 10,
  });
  const { thing: thingName } = world.aws;
  await assert.rejects(shadow.getShadow({ thingName }), (error: { modeledError?: { code?: number } }) => error.modeledError?.code === 404);
  const updated = await shadow.updateShadow({ thingName, state: { desired: { light: 'on' }, reported: { light: 'off' } } });
  assert.equal(updated.version, 1);
  const read = await shadow.getShadow({ thingName });
  assert.deepEqual(read.state?.delta, { light: 'on' });
  shadow.close();
  await stop(client);
});

test('the MQTT 3.1.1 client of the SDK, by certificate and over WebSocket', async () => {
  const { accessKeyId, secretAccessKey } = world.aws.accessKey;
  const { AwsIotMqttConnectionConfigBuilder: Builder } = iot;
  const builders = [
    Builder.new_mtls_builder(device.cert, device.key).with_port(443),
    Builder.new_mtls_builder(device.cert, device.key).with_port(8883),
    Builder.new_with_websockets({
      region: world.aws.region,
      credentials_provider: auth.AwsCredentialsProvider.newStatic(accessKeyId, secretAccessKey),
    }),
  ];
  for (const builder of builders) {
    builder
      .with_certificate_authority(device.ca)
      .with_endpoint(world.aws.data.host)
      .with_client_id(world.aws.thing)
      .with_clean_session(true)
      .with_http_proxy_options(proxy());
    const connection = new mqtt.MqttClient().new_connection(builder.build());
    await connection.connect();
    const received = new Promise<string>((resolve) => {
      void connection.subscribe('test/three', mqtt.QoS.AtLeastOnce, (_topic, payload) => resolve(Buffer.from(payload).toString()));
    });
    await connection.publish('test/three', 'hello', mqtt.QoS.AtLeastOnce);
    assert.equal(await received, 'hello');
    await connection.disconnect();
  }
});
