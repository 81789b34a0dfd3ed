import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProbeJob, Way } from './contract.ts';
import { pathsOf } from './paths.ts';
import { PLACE, testJob } from './testing/job.ts';

const TLS = { name: 'proxy.example.com', certificates: '' };
const TWO_HOSTS: ProbeJob['endpoints'] = [
  {
    name: 'one',
    hosts: [
      { host: 'data.one', port: 443 },
      { host: 'credentials.one', port: 443 },
    ],
    ca: null,
  },
  { name: 'two', hosts: [{ host: 'data.two', port: 8_883 }], ca: 'PEM' },
];
const GATEWAYS = [{ name: 'gw.example.com', endpoint: 'one' }];

function shown(changes: Partial<ProbeJob>, ways: readonly Way[]): string[] {
  const places = Object.fromEntries(ways.map((way) => [way, PLACE]));
  return pathsOf(testJob({ endpoints: TWO_HOSTS, ...changes, places })).map(
    ({ way, endpoint, host, port }) => `${way} ${endpoint} ${host}:${port}`,
  );
}

const HOSTS_BY = (way: Way): string[] => [`${way} one data.one:443`, `${way} one credentials.one:443`, `${way} two data.two:8883`];

for (const [what, ways, changes, expected] of [
  ['every host by CONNECT', ['connect'], {}, HOSTS_BY('connect')],
  ['each other way once', ['connect', 'connect-tls', 'sni'], { tls: TLS }, [...HOSTS_BY('connect'), 'connect-tls one data.one:443']],
  ['inside TLS where there is nothing else', ['connect-tls'], { tls: TLS }, HOSTS_BY('connect-tls')],
  ['no TLS where there is no certificate', ['connect', 'connect-tls', 'gateway'], { gateways: GATEWAYS }, HOSTS_BY('connect')],
  ['by sni where there is nothing else, and only what it leads to', ['sni'], {}, ['sni one data.one:443', 'sni one credentials.one:443']],
  ['the gateways', ['connect', 'gateway'], { tls: TLS, gateways: GATEWAYS }, [...HOSTS_BY('connect'), 'gateway one gw.example.com:443']],
  ['a gateway alone', ['gateway'], { tls: TLS, gateways: GATEWAYS }, ['gateway one gw.example.com:443']],
  ['no gateway that no listener serves', ['connect'], { tls: TLS, gateways: GATEWAYS }, HOSTS_BY('connect')],
  ['nothing where nothing is listed', ['connect', 'connect-tls'], { tls: TLS, endpoints: [] }, []],
  ['nothing where nothing is served', [], {}, []],
] as const) {
  test(`a round tries ${what}`, () => assert.deepEqual(shown(changes, ways), expected));
}

test('an endpoint brings its own roots along', () => {
  assert.deepEqual(
    pathsOf(testJob({ endpoints: TWO_HOSTS })).map(({ ca }) => ca),
    [null, null, 'PEM'],
  );
});
