// The AWS IoT Device SDK v2, as a device would use it: connects through an HTTP proxy with its certificate, publishes, and ends.
// usage: node sdk-client.mjs PROXY_HOST PROXY_PORT ENDPOINT FOLDER (with ca.pem, device.pem and device.key); exit 0 where AWS took the message

import { join } from 'node:path';
import { http, iot, mqtt5 } from 'aws-iot-device-sdk-v2';

const [proxyHost, proxyPort, endpoint, folder] = process.argv.slice(2);
const file = (name) => join(folder, name);
const GIVE_UP_MS = 30_000;

const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPath(endpoint, file('device.pem'), file('device.key'));
builder.withCertificateAuthorityFromPath(undefined, file('ca.pem'));
builder.withHttpProxyOptions(new http.HttpProxyOptions(proxyHost, Number(proxyPort)));
builder.withConnectProperties({ clientId: 'test-container', keepAliveIntervalSeconds: 60 });

function end(code, words) {
  console.log(words);
  process.exit(code);
}

setTimeout(() => end(1, `no answer within ${GIVE_UP_MS / 1_000} s`), GIVE_UP_MS);
const client = new mqtt5.Mqtt5Client(builder.build());
client.on('connectionFailure', ({ error }) => end(1, `failed: ${error.message}`));
client.on('connectionSuccess', () => {
  const message = { topicName: 'test/topic', qos: mqtt5.QoS.AtLeastOnce, payload: 'hello from a container' };
  // A refused publish is not acknowledged, and ends by the time limit.
  client.publish(message).then(
    () => client.stop(),
    (error) => end(1, `not published: ${error.message}`),
  );
});
client.on('stopped', () => end(0, 'published through the proxy'));
client.start();
