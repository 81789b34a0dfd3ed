// MQTT.js at the gateway: MQTT over WebSocket to a name of the proxy, signed for AWS's name.
import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';
import { signedPath } from './sign.mjs';

const { ENDPOINT, GATEWAY, PORT = '443', REGION, CLIENT_ID, TOPIC, PROXY_CA } = process.env;
const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken } = process.env;

const sign = () => signedPath({ host: ENDPOINT, region: REGION, accessKeyId, secretAccessKey, sessionToken });
const client = mqtt.connect(`wss://${GATEWAY}:${PORT}/mqtt`, {
  clientId: CLIENT_ID,
  protocolVersion: 5,
  keepalive: 60,
  // A signature is good for minutes: each connection gets its own.
  transformWsUrl: () => `wss://${GATEWAY}:${PORT}${sign()}`,
  ...(PROXY_CA ? { wsOptions: { ca: readFileSync(PROXY_CA) } } : {}),
});
const giveUp = setTimeout(() => process.exit(1), 15_000);

client.on('error', (error) => console.log(`failed: ${error.message}`));
client.on('connect', async () => {
  await client.subscribeAsync(TOPIC, { qos: 1 });
  await client.publishAsync(TOPIC, `hello from ${CLIENT_ID}`, { qos: 1 });
});
client.on('message', async (_topic, payload) => {
  console.log(`came back: ${payload}`);
  await client.endAsync();
  clearTimeout(giveUp);
});
