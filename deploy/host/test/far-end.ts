// What a node in a container needs behind it: the sandbox's stand-in for AWS IoT, and a configuration that leads there. Runs until it is ended.
// usage: node far-end.ts FOLDER CONFIGURATION LISTEN; prints the endpoint's name once both are there

import { mkdirSync, writeFileSync } from 'node:fs';
import { startAwsIot } from '../../../sandbox/aws-iot/start.ts';

const [dir = '', configuration = '', listen = ''] = process.argv.slice(2);
const LOOPBACK = '127.0.0.1';

mkdirSync(dir, { recursive: true });
const { data } = await startAwsIot({ dir, log: () => {}, host: LOOPBACK });
const pins = [
  [443, data.wssPort],
  [8443, data.httpsPort],
  [8883, data.mqttPort],
].map(([port, to]) => ({ host: data.host, port, to: `${LOOPBACK}:${to}` }));
const settings = {
  node: { name: 'container' },
  listen: [{ address: listen, doors: ['connect'] }],
  endpoints: [{ name: 'sandbox', data: data.host, ports: [443, 8443, 8883] }],
  resolve: { pin: pins },
  health: { address: `${LOOPBACK}:18080` },
  admin: { address: `${LOOPBACK}:19901` },
  carriers: 1,
  limits: { tunnels: 1_000 },
  drain: { stop: '2s' },
  probe: 'off',
};
// JSON is YAML.
writeFileSync(configuration, JSON.stringify(settings, null, 2), { mode: 0o644 });
process.stdout.write(`${data.host}\n`);
