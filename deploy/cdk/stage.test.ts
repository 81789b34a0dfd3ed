// What is wrong with a stage is found before anything is asked of AWS, and is said of its line.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeCertificate } from '../../proxy/config/test-support.ts';
import { readText } from '../../proxy/test/support/tree.ts';
import { readStageText, stageText } from '../testing/synth.ts';
import { alarmsOf } from './alarms.ts';
import { STOP_MAX_S } from './shape-check.ts';

/** CloudFormation quotas. */
const RESOURCES_OF_A_STACK = 500;

const SLOTS = stageText('example');
const NLB = stageText('example-nlb');

/** The same in a VPC that is there, with its subnets. */
const GIVEN = NLB.replace('  cidr: 10.30.0.0/24', '  vpc: vpc-01234567\n  cidr: 10.30.0.0/24').replaceAll(
  /cidr: 10\.30\.0\.\d+\/26/g,
  'subnet: subnet-01234567',
);

/** One of them a spare. */
function withSlots(count: number): string {
  const lines = Array.from(
    { length: count },
    (_, index) => `  - { id: s${index}, zone: eu-west-1${'abc'[index % 3]}, role: ${index === 0 ? 'spare' : 'active'} }\n`,
  );
  return SLOTS.replace(/(?<=^addresses:\n)(?: {2}- .*\n)+/m, lines.join(''));
}

type Row = readonly [what: string, base: string, find: string, put: string, path: string, says: RegExp];

const MISTAKES: readonly Row[] = [
  ['a missing setting', SLOTS, /^watch:.*$/m.exec(SLOTS)?.[0] ?? '', '', 'watch', /missing: expected/],
  ['an account that is a number', SLOTS, "'123456789012'", '123456789012', 'account', /expected an account/],
  [
    'a zone that is not ours',
    SLOTS,
    'name: example.com,',
    'name: example.org,',
    'zone.name',
    /proxy\.example\.com is not in the zone example\.org/,
  ],
  ['the zone itself as the name', SLOTS, 'name: proxy.example.com', 'name: example.com', 'name', /the zone itself/],
  [
    'a zone of another region',
    SLOTS,
    'zone: eu-west-1a, cidr',
    'zone: eu-west-2a, cidr',
    'network.zones[0].zone',
    /not in the region eu-west-1/,
  ],
  [
    'subnets that overlap',
    SLOTS,
    '10.20.0.64/26',
    '10.20.0.0/25',
    'network.zones[1].cidr',
    /overlaps 10\.20\.0\.0\/26, which is network\.zones\[0\]/,
  ],
  ['a subnet outside of the VPC', SLOTS, '10.20.0.64/26', '10.21.0.0/26', 'network.zones[1].cidr', /not inside of 10\.20\.0\.0\/24/],
  [
    'a network that the VPC will be joined to',
    SLOTS,
    '  zones:\n',
    '  connected: [10.0.0.0/8]\n  zones:\n',
    'network.connected[0]',
    /overlaps 10\.20/,
  ],
  ['a VPC of a size that AWS does not take', SLOTS, '10.20.0.0/24', '10.20.0.0/15', 'network.cidr', /AWS takes \/16 to \/28/],
  [
    'a subnet that is given without its VPC',
    SLOTS,
    'cidr: 10.20.0.0/26',
    'cidr: 10.20.0.0/26, subnet: subnet-01234567',
    'network.zones[0].subnet',
    /give network\.vpc/,
  ],
  [
    'a VPC that is given without its subnets',
    SLOTS,
    '  cidr: 10.20.0.0/24',
    '  vpc: vpc-01234567\n  cidr: 10.20.0.0/24',
    'network.zones[0]',
    /missing subnet/,
  ],
  [
    'a range that no VPC can have',
    SLOTS.replaceAll('10.20.0', '169.254.0'),
    'cidr: 169.254.0.0/24',
    'cidr: 169.254.0.0/24',
    'network.cidr',
    /AWS takes no range of 169\.254\.0\.0\/16/,
  ],
  ['one subnet for two zones', GIVEN, 'nodes: 4', 'nodes: 4', 'network.zones[1].subnet', /network\.zones\[0\] has it already/],
  [
    'an endpoint of another region, through endpoints of this one',
    NLB,
    'a1b2c3d4e5f6g7-ats.iot.eu-west-1',
    'a1b2c3d4e5f6g7-ats.iot.eu-west-2',
    'node.endpoints[0].data',
    /not in eu-west-1, where network\.iotEndpoints/,
  ],
  ['more slots than a stack has room for', withSlots(21), 'stage:', 'stage:', 'addresses', /at most 20 .*shape: nlb/],
  ...(['*', "it's.tar.gz", 'folder/', '$(id)', 'x'.repeat(1_025)] as const).map((key): Row => [
    `a release of the key ${key.slice(0, 12)}`,
    SLOTS,
    'pinhole-0.1.0-linux-arm64.tar.gz',
    key,
    'release.url',
    /expected a bucket and a key/,
  ]),
  ['no spare', SLOTS, 'role: spare', 'role: active', 'addresses', /no spare: .* cuts every tunnel/],
  ['nobody that serves', SLOTS, 'role: active', 'role: spare', 'addresses', /none is active/],
  ['the same slot twice', SLOTS, 'id: eu-1b', 'id: eu-1a', 'addresses[1].id', /addresses\[0\] already/],
  [
    'an address in a zone that is not used',
    SLOTS,
    'id: eu-1b, zone: eu-west-1b',
    'id: eu-1b, zone: eu-west-1d',
    'addresses[1].zone',
    /not among network\.zones/,
  ],
  ['nodes, with slots', SLOTS, 'instance:', 'nodes: 3\ninstance:', 'nodes', /take shape: nlb/],
  ['a type that is not Nitro', SLOTS, 'c7g.large', 'm4.large', 'instance.type', /not a Nitro type/],
  ['a release for another machine', SLOTS, 'linux-arm64', 'linux-x64', 'release.url', /not for arm64/],
  ['a checksum that is none', SLOTS, "'000000000", "'zzz", 'release.sha256', /64 lower-case hex digits/],
  ['a name that is no endpoint of AWS IoT', SLOTS, 'a1b2c3d4e5f6g7-ats.iot.eu-west-1', 'a1b2c3d4e5f6g7', 'node.endpoints[0].data', /./],
  [
    'a gateway without a certificate',
    SLOTS,
    'devices: {}',
    '  gateway: [{ name: gw.example.com, endpoint: production }]\n',
    'node.gateway',
    /tls/,
  ],
  [
    'a gateway of an endpoint that is not listed',
    SLOTS,
    'devices: {}',
    '  gateway: [{ name: gw.example.com, endpoint: other }]\n',
    'node.gateway[0].endpoint',
    /other/,
  ],
  ['a drain that Auto Scaling does not wait for', SLOTS, 'devices: {}', '  drain: { deadline: 48h }\n', 'node.drain.deadline', /48 hours/],
  ['a stop that systemd does not wait for', SLOTS, 'devices: {}', '  drain: { stop: 10m }\n', 'node.drain.stop', /10 minutes/],
  ['a region of another partition', SLOTS, 'region: eu-west-1', 'region: us-gov-west-1', 'region', /GovCloud .* not served/],
  [
    'guard rails that no plan could keep',
    SLOTS,
    'devices: {}',
    'fleet: { guard: { minWeight: 1000 } }',
    'fleet.guard.minWeight',
    /more than all slots together/,
  ],
  ['no word of how many nodes', NLB, 'nodes: 4\n', '', 'shape', /missing nodes/],
  [
    'two addresses in one zone of a load balancer',
    NLB,
    'id: eu-1b, zone: eu-west-1b',
    'id: eu-1b, zone: eu-west-1a',
    'addresses[1].zone',
    /one for each zone/,
  ],
  ['a role, behind a load balancer', NLB, 'id: eu-1b,', 'role: spare, id: eu-1b,', 'addresses[1].role', /leave it out/],
  ['tunnels that outlive the load balancer', NLB, 'watch:', '  limits: { idle: 2h }\nwatch:', 'node.limits.idle', /6000 s/],
  [
    'more tunnels than the load balancer has ports',
    NLB,
    'watch:',
    '  limits: { tunnels: 200000 }\nwatch:',
    'node.limits.tunnels',
    /110000 connections/,
  ],
  ['ranges that a PROXY header may come from, unknown', GIVEN, 'nodes: 4', 'nodes: 4', 'network.zones[0]', /missing cidr: with nlb/],
];

describe('mistakes of a stage', () => {
  for (const [what, base, find, put, path, says] of MISTAKES) {
    test(what, () => {
      assert.ok(base.includes(find), 'the example has what is changed');
      const loaded = readStageText(base.replaceAll(find, put));
      assert.ok('problems' in loaded, 'it was taken');
      const found = loaded.problems.find((problem) => problem.path === path);
      assert.ok(found, loaded.problems.map((problem) => `${problem.path}: ${problem.message}`).join('\n'));
      assert.match(found.message, says);
      assert.ok(found.line >= 1);
    });
  }

  test('are all said at once, each with its line', () => {
    const broken = SLOTS.replace('network:', 'netwrk:')
      .replace('eu-west-1\nname', 'europe\nname')
      .replace('budgetUsd: 400', 'budgetUsd: none');
    const loaded = readStageText(broken);
    assert.ok('problems' in loaded);
    const lines = loaded.problems.map(({ line, path, message }) => `${line} ${path}: ${message}`).join('\n');
    assert.match(lines, /^5 region: "europe": expected an AWS region/m);
    assert.match(lines, /netwrk: unknown key; did you mean network\?/);
    assert.match(lines, /watch\.budgetUsd: "none": expected a whole number/);
  });
});

test('a node is stopped for as long as its unit says', () => {
  assert.match(readText('deploy/host/pinhole.service'), new RegExp(`^TimeoutStopSec=${STOP_MAX_S / 60}min$`, 'm'));
});

describe('the certificate of a stage', () => {
  const withCertificate = SLOTS.replace('node:\n', 'certificate: { file: chain.pem }\nnode:\n');
  const good = makeCertificate(['proxy.example.com', 'proxy-all.example.com']);

  test('that covers both names is taken', () => {
    const loaded = readStageText(withCertificate, { 'chain.pem': good.certificate });
    assert.ok('stage' in loaded, JSON.stringify(loaded));
  });

  const bad = makeCertificate(['proxy.example.com']);
  const rows = [
    ['that does not cover the companion name is refused', { 'chain.pem': bad.certificate }, /not for proxy-all\.example\.com/],
    ['with its key is refused: that belongs into the secret', { 'chain.pem': good.certificate + good.key }, /holds a private key/],
    ['that is not there is said', {}, /cannot read \/stages\/chain\.pem/],
    ['that is none is said', { 'chain.pem': 'none' }, /not a certificate in PEM/],
  ] as const;
  for (const [what, files, says] of rows) {
    test(what, () => {
      const loaded = readStageText(withCertificate, files);
      assert.ok('problems' in loaded);
      assert.match(loaded.problems.find(({ path }) => path === 'certificate.file')?.message ?? '', says);
    });
  }
});

describe('a stage that is good', () => {
  for (const [name, text] of [
    ['slots', SLOTS],
    ['nlb', NLB],
  ] as const) {
    test(`the example of ${name} has no mistake and no warning`, () => {
      const loaded = readStageText(text);
      assert.ok('stage' in loaded, JSON.stringify(loaded));
      assert.deepEqual(loaded.warnings, []);
    });
  }

  test('has as many slots as a stack has room for alarms', () => {
    const loaded = readStageText(withSlots(20));
    assert.ok('stage' in loaded, JSON.stringify(loaded));
    // Besides these: what counts opens, what watches fleet and budget, the dashboard.
    assert.ok(alarmsOf(loaded.stage).length < RESOURCES_OF_A_STACK - 50, `${alarmsOf(loaded.stage).length} alarms`);
  });

  test('is warned of what will bite later', () => {
    const one = SLOTS.replaceAll(/zone: eu-west-1[bc], role/g, 'zone: eu-west-1a, role');
    const loaded = readStageText(one);
    assert.ok('stage' in loaded);
    assert.match(loaded.warnings.map(({ message }) => message).join('\n'), /all in one availability zone/);
  });
});
