import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { nodeConfig } from './hold-node.ts';

test('the configuration pins the name to every echo server, and has room for a tenth more than will be held', () => {
  const echoes = ['127.0.0.9:21000', '127.0.0.10:21001'];
  const place = {
    folder: '/run/x',
    port: 1,
    health: 2,
    admin: 3,
    echoes,
    serverName: 'a-ats.iot.eu-west-1.amazonaws.com',
    tunnels: 50_000,
    tls: null,
  };
  const config = parse(nodeConfig(place));
  assert.deepEqual(config.resolve.pin, [{ host: place.serverName, port: 443, to: echoes }]);
  assert.equal(config.limits.tunnels, 55_000);
  assert.equal(config.carriers, 'auto');
  assert.deepEqual(config.log, { level: 'info', file: '/run/x/records.log' });
});

test('with a certificate it has a door in TLS', () => {
  const place = { folder: '/run/x', port: 1, health: 2, admin: 3, echoes: ['127.0.0.9:1'], serverName: 'a', tunnels: 1 };
  const config = parse(nodeConfig({ ...place, tls: { certificate: '/run/x/c.pem', key: '/run/x/k.pem' } }));
  assert.deepEqual(config.listen[0].doors, ['connect', 'connect-tls']);
  assert.deepEqual(config.tls, { certificate: '/run/x/c.pem', key: '/run/x/k.pem' });
});

test('carriers and the pace of a drain are what is said', () => {
  const place = { folder: '/run/x', port: 1, health: 2, admin: 3, echoes: ['127.0.0.9:1'], serverName: 'a', tunnels: 1, tls: null };
  const config = parse(nodeConfig({ ...place, carriers: 2, drain: 'settle: 3s, rate: 50' }));
  assert.equal(config.carriers, 2);
  assert.deepEqual(config.drain, { settle: '3s', rate: 50 });
});
