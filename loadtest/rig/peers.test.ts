// What Squid and HAProxy are told, as text, and as the programs themselves read it where they are installed.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownFolder } from '../testing/folder.ts';
import { missingPeer, type PeerName, type PeerPlan, renderPeerConfig, renderSquidHosts } from './peers.ts';

const planIn = (folder: string): PeerPlan => ({
  place: { name: 'eu-1a', address: '127.0.0.11', ports: { agents: 443, health: 8_080, admin: 9_901 }, folder },
  tunnels: 5_520,
  endpoint: { data: 'a1b2c3.iot.test', to: ['127.0.0.101:4430', '127.0.0.102:4430'] },
});

test('Squid has two descriptors a tunnel, lets through what goes to a far end, and asks a hosts file of its own where that is', () => {
  const text = renderPeerConfig('squid', planIn('/run/rig/eu-1a'));
  for (const line of [
    'http_port 127.0.0.11:443',
    'acl target dst 127.0.0.101 127.0.0.102',
    'acl port port 4430',
    'http_access allow tunnel target port',
    'http_access deny all',
    'hosts_file /run/rig/eu-1a/squid.hosts',
    'max_filedescriptors 11540',
  ])
    assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
  assert.ok(!text.includes('/etc/hosts'));
  assert.equal(renderSquidHosts(planIn('/none')), '127.0.0.101 a1b2c3.iot.test\n127.0.0.102 a1b2c3.iot.test\n');
});

test('HAProxy has a server for each far end, and room for every tunnel', () => {
  const text = renderPeerConfig('haproxy', planIn('/none'));
  assert.match(text, /maxconn 5620\n/);
  assert.match(text, /bind 127\.0\.0\.11:443 backlog 4096\n {2}balance roundrobin\n/);
  assert.match(text, / {2}server far0 127\.0\.0\.101:4430\n {2}server far1 127\.0\.0\.102:4430\n$/);
});

const CHECKS: Readonly<Record<PeerName, (config: string) => readonly [string, ...string[]]>> = {
  squid: (config) => ['/usr/sbin/squid', '-k', 'parse', '-f', config],
  haproxy: (config) => ['/usr/sbin/haproxy', '-c', '-f', config],
};
for (const name of ['squid', 'haproxy'] as const)
  test(`${name} takes it`, { skip: missingPeer(name) ?? false }, (context) => {
    const folder = ownFolder(context);
    const config = join(folder, `${name}.conf`);
    writeFileSync(config, renderPeerConfig(name, planIn(folder)));
    writeFileSync(join(folder, 'squid.hosts'), renderSquidHosts(planIn(folder)));
    const [program, ...args] = CHECKS[name](config);
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}${stderr}`);
    assert.doesNotMatch(`${stdout}${stderr}`, /ERROR|WARNING/);
  });
