import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import type { Place } from './contestant.ts';
import { PINHOLES } from './pinhole.ts';

const CERTIFICATES = { ours: { certificate: '/c/ours.pem', key: '/c/ours.key' }, far: { certificate: '/c/far.pem', key: '/c/far.key' } };
const PLACE: Place = {
  folder: '/run/x',
  configPath: '/run/x/pinhole.yaml',
  bareRelay: '/c/bare-relay',
  port: 1,
  spare: [2, 3],
  echo: { address: '127.0.0.9', port: 4 },
  serverName: 'a-ats.iot.eu-west-1.amazonaws.com',
  tunnels: 8_000,
  certificates: CERTIFICATES,
};

function configOf(name: string) {
  const contestant = PINHOLES.find((candidate) => candidate.name === name);
  assert.ok(contestant?.config, name);
  return parse(contestant.config.text({ ...PLACE, certificates: contestant.ourName === null ? null : CERTIFICATES }));
}

for (const { name } of PINHOLES)
  test(`${name} has one carrier, one listener, every check on and room for a few tunnels more`, () => {
    const { carriers, listen, policy, limits } = configOf(name);
    assert.equal(carriers, 1);
    assert.equal(listen.length, 1);
    assert.deepEqual(policy, { sni: 'enforce', alpn: 'enforce', address: 'enforce' });
    assert.equal(limits.tunnels, 8_100);
  });

describe('TLS', () => {
  for (const name of ['pinhole connect-tls', 'pinhole gateway'])
    test(`${name} has our certificate, and trusts that of the far end`, () => {
      const { tls, endpoints } = configOf(name);
      assert.deepEqual(tls, CERTIFICATES.ours);
      assert.equal(endpoints[0].ca, CERTIFICATES.far.certificate);
    });

  for (const name of ['pinhole connect native', 'pinhole connect node', 'pinhole sni native'])
    test(`${name} has none`, () => assert.equal(configOf(name).tls, undefined));

  test('only the gateway has a name that leads on to the endpoint', () => {
    assert.deepEqual(configOf('pinhole gateway').gateway, [{ name: 'gw.bench.test', endpoint: 'bench' }]);
    assert.equal(configOf('pinhole connect-tls').gateway, undefined);
  });
});
