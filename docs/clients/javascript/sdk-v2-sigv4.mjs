// AWS IoT Device SDK v2: temporary credentials by the device certificate, then MQTT 5 over WebSocket, signed with them.
import { auth, http, io, iot, mqtt5 } from 'aws-iot-device-sdk-v2';

const { ENDPOINT, CREDENTIALS_ENDPOINT, ROLE_ALIAS, THING, REGION, CA, CERT, KEY, CLIENT_ID, TOPIC, PROXY, PROXY_CA } = process.env;

function proxyOptions(url) {
  const { protocol, hostname, port } = new URL(url);
  const address = [hostname, Number(port) || (protocol === 'https:' ? 443 : 80)];
  if (protocol === 'http:') return new http.HttpProxyOptions(...address);
  const trust = new io.TlsContextOptions();
  if (PROXY_CA) trust.override_default_trust_store_from_path(undefined, PROXY_CA);
  const tls = new io.TlsConnectionOptions(new io.ClientTlsContext(trust), hostname);
  const { HttpProxyAuthenticationType: Authentication, HttpProxyConnectionType: Connection } = http;
  return new http.HttpProxyOptions(...address, Authentication.None, undefined, undefined, tls, Connection.Tunneling);
}

const device = io.TlsContextOptions.create_client_with_mtls_from_path(CERT, KEY);
if (CA) device.override_default_trust_store_from_path(undefined, CA);
// The proxy is given twice: the request for credentials would go past it otherwise.
const credentialsProvider = auth.AwsCredentialsProvider.newX509({
  endpoint: CREDENTIALS_ENDPOINT,
  thingName: THING,
  roleAlias: ROLE_ALIAS,
  tlsContext: new io.ClientTlsContext(device),
  httpProxyOptions: proxyOptions(PROXY),
});
const builder = iot.AwsIotMqtt5ClientConfigBuilder.newWebsocketMqttBuilderWithSigv4Auth(ENDPOINT, { region: REGION, credentialsProvider });
if (CA) builder.withCertificateAuthorityFromPath(undefined, CA);
builder.withHttpProxyOptions(proxyOptions(PROXY));
builder.withConnectProperties({ clientId: CLIENT_ID, keepAliveIntervalSeconds: 60 });

const client = new mqtt5.Mqtt5Client(builder.build());
const giveUp = setTimeout(() => end(1, 'nothing came back'), 15_000);

function end(code, words) {
  clearTimeout(giveUp);
  console.log(words);
  // The provider keeps a connection in reserve, which would keep the process alive.
  client.once('stopped', () => process.exit(code));
  client.stop();
}

client.on('connectionFailure', ({ error }) => end(1, `failed: ${error}`));
client.on('connectionSuccess', async () => {
  await client.subscribe({ subscriptions: [{ topicFilter: TOPIC, qos: mqtt5.QoS.AtLeastOnce }] });
  await client.publish({ topicName: TOPIC, qos: mqtt5.QoS.AtLeastOnce, payload: `hello from ${CLIENT_ID}` });
});
client.on('messageReceived', ({ message }) => end(0, `came back: ${Buffer.from(message.payload)}`));
client.start();
