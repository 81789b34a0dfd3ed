// The example of the shape `nlb`, with IPv6 and endpoints of AWS IoT, synthesized once.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readProxyHeader } from '../../../proxy/wire/proxy-protocol.ts';
import { ofType, stageText, synthesize } from '../../testing/synth.ts';
import { snapshotOf } from '../../testing/snapshot.ts';

const { templates } = synthesize(stageText('example-nlb'));
const { addresses, fleet } = templates;

function only(type: string): Record<string, unknown> {
  const [first, ...more] = ofType(fleet, type);
  assert.ok(first && more.length === 0, type);
  return first[1].Properties;
}

function attributes(list: unknown): Record<string, string> {
  return Object.fromEntries((list as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]));
}

describe('the load balancer', () => {
  test('holds a published address in each zone, and these outlive it', () => {
    const mappings = only('AWS::ElasticLoadBalancingV2::LoadBalancer')['SubnetMappings'] as { AllocationId: unknown }[];
    assert.equal(mappings.length, 2);
    for (const { AllocationId } of mappings) assert.match(JSON.stringify(AllocationId), /ImportValue.*pinhole-balanced-addresses/);
    for (const [, eip] of ofType(addresses, 'AWS::EC2::EIP')) assert.equal(eip.DeletionPolicy, 'Retain');
  });

  test('keeps a silent connection for longer than MQTT may be silent', () => {
    const { LoadBalancerAttributes, ListenerAttributes } = {
      ...only('AWS::ElasticLoadBalancingV2::LoadBalancer'),
      ...only('AWS::ElasticLoadBalancingV2::Listener'),
    } as Record<string, unknown>;
    assert.equal(attributes(ListenerAttributes)['tcp.idle_timeout.seconds'], '6000');
    assert.equal(attributes(LoadBalancerAttributes)['load_balancing.cross_zone.enabled'], 'true');
  });

  test('tells the node who the client is, and cuts nothing by itself', () => {
    const found = attributes(only('AWS::ElasticLoadBalancingV2::TargetGroup')['TargetGroupAttributes']);
    assert.equal(found['proxy_protocol_v2.enabled'], 'true');
    assert.equal(found['preserve_client_ip.enabled'], 'false');
    for (const when of ['deregistration_delay', 'target_health_state.unhealthy'])
      assert.equal(found[`${when}.connection_termination.enabled`], 'false', when);
    assert.equal(found['target_health_state.unhealthy.draining_interval_seconds'], '172800');
  });

  test('alone is open to the world, on port 443; nodes take agents and checks from it, and nothing from anybody else', () => {
    const groups = ofType(fleet, 'AWS::EC2::SecurityGroup').flatMap(([id, { Properties }]) =>
      ((Properties['SecurityGroupIngress'] ?? []) as Record<string, unknown>[])
        .filter(({ CidrIp }) => CidrIp !== undefined)
        .map((rule) => [id, rule['FromPort']]),
    );
    assert.deepEqual(
      groups.map(([id, port]) => [String(id).replace(/[0-9A-F]{8}$/, ''), port]),
      [['FirewallBalancer', 443]],
    );
    const joined = ofType(fleet, 'AWS::EC2::SecurityGroupIngress').map(([, { Properties }]) => Properties['FromPort']);
    assert.deepEqual(joined.toSorted(), [443, 8444]);
  });
});

describe('the nodes', () => {
  const file = JSON.stringify(only('AWS::SSM::Parameter')['Value']);

  test('take a PROXY header from the subnets of the load balancer, and from nobody else', () => {
    assert.match(file, /proxyProtocol:\\n {6}trust:\\n {8}- 10\.30\.0\.0\/26\\n {8}- 10\.30\.0\.64\/26/);
    // What the load balancer sends for itself has no client in it (HAProxy's proxy-protocol.txt, LOCAL).
    const local = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex');
    assert.equal(readProxyHeader(local).kind, 'header');
  });

  test('are an ordinary group over the zones, drain before they end, and may not touch addresses or DNS', () => {
    const group = ofType(fleet, 'AWS::AutoScaling::AutoScalingGroup').find(
      ([, made]) => made.Properties['AutoScalingGroupName'] === 'pinhole-balanced-nodes',
    )?.[1];
    assert.ok(group);
    assert.deepEqual([group.Properties['DesiredCapacity'], (group.Properties['VPCZoneIdentifier'] as unknown[]).length], ['4', 2]);
    assert.equal((group.Properties['LifecycleHookSpecificationList'] as unknown[]).length, 1);
    const role = ofType(fleet, 'AWS::IAM::Role').find(([, made]) => made.Properties['RoleName'] === 'pinhole-balanced-nodes')?.[1];
    assert.doesNotMatch(JSON.stringify(role), /AssociateAddress|route53/);
  });

  test('may dial the addresses of the interface endpoints, and reach AWS over IPv6', () => {
    assert.match(file, /accept:\\n {6}- 10\.30\.0\.0\/24/);
    assert.match(file, /family: any/);
  });
});

describe('AWS IoT inside of the VPC', () => {
  test('has an endpoint for data and one for credentials, and a private zone for each name', () => {
    const services = ofType(fleet, 'AWS::EC2::VPCEndpoint').map(([, { Properties }]) => Properties['ServiceName']);
    assert.deepEqual(services.toSorted(), [
      'com.amazonaws.eu-west-1.iot.credentials',
      'com.amazonaws.eu-west-1.iot.data',
      'com.amazonaws.eu-west-1.s3',
    ]);
    const zones = ofType(fleet, 'AWS::Route53::HostedZone').map(([, { Properties }]) => [
      Properties['Name'],
      (Properties['VPCs'] as unknown[]).length,
    ]);
    assert.deepEqual(zones, [
      ['a1b2c3d4e5f6g7-ats.iot.eu-west-1.amazonaws.com', 1],
      ['c9d8e7f6a5b4c3.credentials.iot.eu-west-1.amazonaws.com', 1],
    ]);
  });

  test('lets nobody come in over IPv6', () => {
    assert.equal(ofType(fleet, 'AWS::EC2::EgressOnlyInternetGateway').length, 1);
    const rules = Object.values(fleet?.Resources ?? {}).flatMap(
      ({ Properties }) => (Properties['SecurityGroupIngress'] ?? []) as Record<string, unknown>[],
    );
    assert.ok(rules.every(({ CidrIpv6 }) => CidrIpv6 === undefined));
  });
});

test('fleet: resources and what they refer to are as they were', () => {
  assert.ok(fleet);
  snapshotOf(fleet, new URL('snapshots/nlb-fleet.txt', import.meta.url));
});
