import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { type ConfigInput, renderConfig } from './config-file.ts';

const INPUT: ConfigInput = {
  runtime: '/tmp/a "quoted" \\ folder: #1/run',
  probe: true,
  ports: { proxy: 8443, health: 8080, admin: 9901 },
  files: { ca: '/x/ca.pem', proxyCertificate: '/x/proxy.pem', proxyKey: '/x/proxy.key', adminToken: '/x/admin.token' },
  aws: {
    data: { host: 'a1-ats.iot.eu-west-1.amazonaws.com', address: '127.0.0.1', wssPort: 1001, httpsPort: 1002, mqttPort: 1003 },
    credentials: { host: 'c1.credentials.iot.eu-west-1.amazonaws.com', address: '127.0.0.1', port: 1004 },
  },
};

test('the file is YAML whatever is in a path, and pins every listed port to the stand-in', () => {
  const config = parse(renderConfig(INPUT)) as {
    runtime: string;
    endpoints: { ports: number[] }[];
    resolve: { pin: { host: string; port: number; to: string }[] };
  };
  assert.equal(config.runtime, INPUT.runtime);
  assert.deepEqual(
    config.resolve.pin.map(({ host, port, to }) => `${host.split('.')[0]}:${port} ${to}`),
    ['a1-ats:443 127.0.0.1:1001', 'a1-ats:8443 127.0.0.1:1002', 'a1-ats:8883 127.0.0.1:1003', 'c1:443 127.0.0.1:1004'],
  );
  assert.deepEqual(config.endpoints[0]?.ports, [443, 8443, 8883]);
});

test('the node tries its own doors, unless it is told not to', () => {
  const probeOf = (probe: boolean): unknown => (parse(renderConfig({ ...INPUT, probe })) as { probe: unknown }).probe;
  assert.deepEqual(probeOf(true), { schedule: '*/15 * * * * *' });
  assert.equal(probeOf(false), 'off');
});
