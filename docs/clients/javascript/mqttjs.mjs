// MQTT.js: MQTT with the device certificate. Through a proxy over a tunnel of its own making: MQTT.js has an agent for WebSocket only.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import mqtt from 'mqtt';

const { ENDPOINT, PORT = '443', CA, CERT, KEY, CLIENT_ID, TOPIC, PROXY, PROXY_CA } = process.env;
const roots = (file) => (file ? { ca: readFileSync(file) } : {});
const device = { servername: ENDPOINT, ALPNProtocols: ['x-amzn-mqtt-ca'], cert: readFileSync(CERT), key: readFileSync(KEY), ...roots(CA) };

/** The proxy resolves the endpoint's name; the device need not. */
function openTunnel(url) {
  const { protocol, hostname, port } = new URL(url);
  const { request } = protocol === 'https:' ? https : http;
  const target = `${ENDPOINT}:443`;
  // Node takes the name for TLS from Host unless told: that would be AWS's name, at the proxy.
  const ask = { host: hostname, servername: hostname, port: port || undefined, agent: false };
  const head = { method: 'CONNECT', path: target, headers: { Host: target } };
  return new Promise((resolve, reject) => {
    // A silent proxy must not hold the device for ever.
    const asked = request({ ...ask, ...head, ...roots(PROXY_CA), timeout: 10_000 });
    asked.on('timeout', () => asked.destroy(new Error('the proxy said nothing for 10 s')));
    asked.on('error', reject);
    asked.on('connect', (answer, socket) => {
      socket.setTimeout(0);
      // The reason of a refusal is in the phrase, and in Pinhole-Reason.
      if (answer.statusCode === 200) resolve(socket);
      else reject(new Error(`the proxy refused: ${answer.statusCode} ${answer.statusMessage}`));
    });
    asked.end();
  });
}

async function connect() {
  const common = { clientId: CLIENT_ID, protocolVersion: 5, keepalive: 60 };
  if (!PROXY) return mqtt.connect(`mqtts://${ENDPOINT}:${PORT}`, { ...common, ...device });
  const socket = await openTunnel(PROXY);
  // No reconnecting inside MQTT.js: it comes back every second without jitter. Open a new tunnel with a back-off of your own.
  return new mqtt.MqttClient(() => tls.connect({ socket, ...device }), { ...common, reconnectPeriod: 0 });
}

const giveUp = setTimeout(() => process.exit(1), 15_000);
try {
  const client = await connect();
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
} catch (error) {
  console.log(`failed: ${error.message}`);
  process.exit(1);
}
