// What a node in a container needs behind it: the sandbox's stand-in for AWS IoT, and a configuration that leads there. Runs until it is ended.
// usage: node far-end.ts FOLDER CONFIGURATION; prints the endpoint's name and the port to listen on once both are there

import { mkdirSync, writeFileSync } from 'node:fs';
import { freePort } from '../../../bench/ports.ts';
import { startAwsIot } from '../../../sandbox/aws-iot/start.ts';

const [dir = '', configuration = ''] = process.argv.slice(2);
const LOOPBACK = '127.0.0.1';

mkdirSync(dir, { recursive: true });
// The machine's network is the container's too.
const [listen, health, admin] = [await freePort(LOOPBACK), await freePort(LOOPBACK), await freePort(LOOPBACK)] as const;
const { data } = await startAwsIot({ dir, log: () => {}, host: LOOPBACK });
const pins = [
  [443, data.wssPort],
  [8443, data.httpsPort],
  [8883, data.mqttPort],
].map(([port, to]) => ({ host: data.host, port, to: `${LOOPBACK}:${to}` }));
const settings = {
  node: { name: 'container' },
  listen: [{ address: `${LOOPBACK}:${listen}`, doors: ['connect'] }],
  endpoints: [{ name: 'sandbox', data: data.host, ports: [443, 8443, 8883] }],
  resolve: { pin: pins },
  health: { address: `${LOOPBACK}:${health}` },
  admin: { address: `${LOOPBACK}:${admin}` },
  carriers: 1,
  limits: { tunnels: 1_000 },
  drain: { stop: '2s' },
  probe: 'off',
};
// JSON is YAML.
writeFileSync(configuration, JSON.stringify(settings, null, 2), { mode: 0o644 });
process.stdout.write(`${data.host} ${listen}\n`);
