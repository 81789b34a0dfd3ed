// AWS IoT Device SDK v1. With a proxy: MQTT over WebSocket, signed with credentials from the environment, since its mutual TLS knows no
// proxy. Without one (the site's DNS leads the endpoint's name to it): MQTT with the device certificate.
import { readFileSync } from 'node:fs';
import { HttpsProxyAgent } from 'https-proxy-agent';
import awsIot from 'aws-iot-device-sdk';

const { ENDPOINT, PORT = '443', REGION, CA, CERT, KEY, CLIENT_ID, TOPIC, PROXY, PROXY_CA } = process.env;
const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretKey, AWS_SESSION_TOKEN: sessionToken } = process.env;
const roots = (file) => (file ? { ca: readFileSync(file) } : {});

const byWebSocket = () => ({
  protocol: 'wss',
  region: REGION,
  accessKeyId,
  secretKey,
  ...(sessionToken ? { sessionToken } : {}),
  websocketOptions: { agent: new HttpsProxyAgent(PROXY, roots(PROXY_CA)), ...roots(CA) },
});
const byCertificate = () => ({ protocol: 'mqtts', keyPath: KEY, certPath: CERT, caPath: CA, ALPNProtocols: ['x-amzn-mqtt-ca'] });

const common = { host: ENDPOINT, port: Number(PORT), clientId: CLIENT_ID, keepalive: 60 };
const device = awsIot.device({ ...common, ...(PROXY ? byWebSocket() : byCertificate()) });
const giveUp = setTimeout(() => end(1, 'nothing came back'), 15_000);

function end(code, words) {
  clearTimeout(giveUp);
  console.log(words);
  process.exit(code);
}

// A refusal shows as a close, and as nothing else.
device.on('close', () => end(1, 'closed: refused, or nobody there'));
device.on('error', (error) => end(1, `failed: ${error.message}`));
device.on('connect', () => device.subscribe(TOPIC, { qos: 1 }, () => device.publish(TOPIC, `hello from ${CLIENT_ID}`, { qos: 1 })));
device.on('message', (_topic, payload) => end(0, `came back: ${payload}`));
