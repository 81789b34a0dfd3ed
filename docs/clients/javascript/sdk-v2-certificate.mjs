// AWS IoT Device SDK v2: MQTT 5 with the device certificate, on port 443.
import { http, io, iot, mqtt5 } from 'aws-iot-device-sdk-v2';

const { ENDPOINT, PORT = '443', CA, CERT, KEY, CLIENT_ID, TOPIC, PROXY, PROXY_CA } = process.env;

/** The SDK reads no environment variable of its own for a proxy: it has to be given one. */
function proxyOptions(url) {
  const { protocol, hostname, port } = new URL(url);
  const address = [hostname, Number(port) || (protocol === 'https:' ? 443 : 80)];
  if (protocol === 'http:') return new http.HttpProxyOptions(...address);
  const trust = new io.TlsContextOptions();
  if (PROXY_CA) trust.override_default_trust_store_from_path(undefined, PROXY_CA);
  // The name in the proxy's certificate has to be said: the SDK does not take it from the host.
  const tls = new io.TlsConnectionOptions(new io.ClientTlsContext(trust), hostname);
  const { HttpProxyAuthenticationType: Authentication, HttpProxyConnectionType: Connection } = http;
  return new http.HttpProxyOptions(...address, Authentication.None, undefined, undefined, tls, Connection.Tunneling);
}

const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPath(ENDPOINT, CERT, KEY);
builder.withPort(Number(PORT));
if (CA) builder.withCertificateAuthorityFromPath(undefined, CA);
if (PROXY) builder.withHttpProxyOptions(proxyOptions(PROXY));
builder.withConnectProperties({ clientId: CLIENT_ID, keepAliveIntervalSeconds: 60 });

const client = new mqtt5.Mqtt5Client(builder.build());
// It waits for ever on a proxy that says nothing, and tries for ever where it is refused; giving up is up to you.
const giveUp = setTimeout(() => end(1, 'nothing came back'), 15_000);

function end(code, words) {
  clearTimeout(giveUp);
  console.log(words);
  client.once('stopped', () => process.exit(code));
  client.stop();
}

// Every refusal looks the same here; the reason is in the proxy's log.
client.on('connectionFailure', ({ error }) => end(1, `failed: ${error}`));
client.on('connectionSuccess', async () => {
  await client.subscribe({ subscriptions: [{ topicFilter: TOPIC, qos: mqtt5.QoS.AtLeastOnce }] });
  await client.publish({ topicName: TOPIC, qos: mqtt5.QoS.AtLeastOnce, payload: `hello from ${CLIENT_ID}` });
});
client.on('messageReceived', ({ message }) => end(0, `came back: ${Buffer.from(message.payload)}`));
client.start();
