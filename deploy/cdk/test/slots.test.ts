// The example of the shape `slots`, synthesized once without network or credentials, with every rule of cdk-nag.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rowsWith } from '../../../proxy/test/support/markdown.ts';
import { readText } from '../../../proxy/test/support/tree.ts';
import { ofType, type Resource, stageText, synthesize, valuesIn } from '../../testing/synth.ts';
import { snapshotOf } from '../../testing/snapshot.ts';
import { HOOK_MAX_S } from '../shape-check.ts';

const { stage, templates } = synthesize(stageText('example'));
const { addresses, fleet, watch, devices } = templates;
const ALL = Object.values(templates).flatMap((template) => Object.entries(template.Resources));
const SLOTS = ['eu-1a', 'eu-1b', 'eu-1s'];

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

/** Statements of a role, by the role's name. */
function statementsOf(name: string): Statement[] {
  const role = ofType(fleet, 'AWS::IAM::Role').find(([, { Properties }]) => Properties['RoleName'] === name)?.[1];
  const policies = (role?.Properties['Policies'] ?? []) as { PolicyDocument: { Statement: Statement[] } }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

function actionsOf(name: string): string[] {
  return statementsOf(name).flatMap(({ Action }) => [Action].flat());
}

function group(name: string): Resource['Properties'] {
  const found = ofType(fleet, 'AWS::AutoScaling::AutoScalingGroup').find(
    ([, { Properties }]) => Properties['AutoScalingGroupName'] === name,
  );
  assert.ok(found, name);
  return found[1].Properties;
}

describe('every slot', () => {
  test('has an Elastic IP that outlives its stack', () => {
    const eips = ofType(addresses, 'AWS::EC2::EIP');
    assert.equal(eips.length, SLOTS.length);
    for (const [, eip] of eips) assert.deepEqual([eip.DeletionPolicy, eip.UpdateReplacePolicy], ['Retain', 'Retain']);
    assert.ok(!ofType(fleet, 'AWS::EC2::EIP').length, 'and no other stack has one');
  });

  for (const slot of SLOTS) {
    test(`${slot}: a group of one in one zone, which waits for the drain and which no deployment replaces`, () => {
      const made = group(`pinhole-example.${slot}`);
      assert.deepEqual([made['MinSize'], made['MaxSize'], made['DesiredCapacity']], ['1', '1', '1']);
      assert.equal((made['VPCZoneIdentifier'] as unknown[]).length, 1);
      const [hook, ...more] = made['LifecycleHookSpecificationList'] as { HeartbeatTimeout: number }[];
      assert.deepEqual(
        [hook, more],
        [
          {
            ...{ LifecycleHookName: 'drain', LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING' },
            ...{ HeartbeatTimeout: 1_800, DefaultResult: 'CONTINUE' },
          },
          [],
        ],
      );
      // A hook ends for good after 48 hours, or after a hundred times its heartbeat where that is sooner.
      assert.ok(hook && hook.HeartbeatTimeout * 100 >= HOOK_MAX_S);
    });

    test(`${slot}: alarms on its node and on its address`, () => {
      const names = ofType(watch, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties['AlarmName']);
      for (const what of ['ready', 'address', 'log-lost']) assert.ok(names.includes(`pinhole-example-${slot}-${what}`), what);
    });

    test(`${slot}: its role may take its own address, for an instance of its own, and never with force`, () => {
      const takes = statementsOf(`pinhole-example.${slot}`).filter(({ Action }) => Action === 'ec2:AssociateAddress');
      assert.equal(takes.length, 2);
      assert.ok(JSON.stringify(takes[0]?.Resource).includes('elastic-ip/'));
      assert.deepEqual(takes[1]?.Condition, {
        StringEquals: { 'aws:ResourceTag/pinhole:stage': 'example', 'aws:ResourceTag/pinhole:slot': slot },
      });
      assert.ok(!actionsOf(`pinhole-example.${slot}`).includes('ec2:DisassociateAddress'));
    });
  }
});

describe('DNS', () => {
  test('has no record and no health check of a stack: a deployment never resets a weight', () => {
    assert.deepEqual(
      ALL.filter(([, { Type }]) => Type.startsWith('AWS::Route53::')),
      [],
    );
  });

  test('cannot be touched by a node', () => {
    for (const slot of SLOTS)
      assert.deepEqual(
        actionsOf(`pinhole-example.${slot}`).filter((action) => action.startsWith('route53')),
        [],
        slot,
      );
  });

  test('is changed by one role only, which may do what docs/fleet.md says, and is told it by one instance', () => {
    const names = ofType(fleet, 'AWS::IAM::Role').map(([, { Properties }]) => String(Properties['RoleName']));
    const able = names.filter((name) => actionsOf(name).includes('route53:ChangeResourceRecordSets'));
    assert.deepEqual(able, ['pinhole-example-reconciler']);
    assert.equal(group('pinhole-example-reconciler')['MaxSize'], '1');

    const documented = JSON.parse(
      /^```json[^\n]*\n(\{[^]*?)^```/m.exec(readText('docs/fleet.md').split('## Who may do it')[1] ?? '')?.[1] ?? '',
    ) as {
      Statement: (Statement & { Sid: string; Effect: string })[];
    };
    const plain = (statements: readonly Statement[]) =>
      statements
        .map(({ Action, Resource, Condition }) => JSON.stringify({ Action: [Action].flat().toSorted(), Resource, Condition }))
        .toSorted();
    const own = statementsOf('pinhole-example-reconciler').filter(({ Action }) =>
      [Action].flat().some((action) => action.startsWith('route53:')),
    );
    assert.deepEqual(plain(own), plain(documented.Statement));
  });
});

describe('the network', () => {
  const open = ALL.flatMap(([, { Type, Properties }]) => {
    const rules = [Properties['SecurityGroupIngress'] ?? [], Type === 'AWS::EC2::SecurityGroupIngress' ? Properties : []].flat() as Record<
      string,
      unknown
    >[];
    return rules.filter((rule) => rule['CidrIp'] !== undefined || rule['CidrIpv6'] !== undefined);
  });

  test('is open to the world on port 443, and on no other', () => {
    assert.deepEqual(
      open.map(({ CidrIp, FromPort, ToPort }) => [CidrIp, FromPort, ToPort]),
      [['0.0.0.0/0', 443, 443]],
    );
  });

  test('lets nodes out to AWS IoT’s ports and to DNS, and nowhere else', () => {
    const [, nodes] = ofType(fleet, 'AWS::EC2::SecurityGroup').find(([id]) => id.startsWith('FirewallNodes')) ?? [];
    const rules = nodes?.Properties['SecurityGroupEgress'] as Record<string, unknown>[];
    assert.deepEqual(
      rules.map(({ IpProtocol, FromPort, CidrIp }) => `${String(IpProtocol)} ${String(FromPort)} ${String(CidrIp)}`),
      ['tcp 443 0.0.0.0/0', 'tcp 8443 0.0.0.0/0', 'tcp 8883 0.0.0.0/0', 'udp 53 10.20.0.0/24', 'tcp 53 10.20.0.0/24'],
    );
  });

  test('gives nobody a key: there is no SSH', () => {
    const text = JSON.stringify(templates);
    assert.doesNotMatch(text, /KeyName|"FromPort":22\b/);
  });
});

test('no instance boots before the network has a way out and its file is there', () => {
  const ways = Object.entries(fleet?.Resources ?? {})
    .filter(([, { Type }]) => /Route$|RouteTableAssociation$|VPCEndpoint$/.test(Type))
    .map(([id]) => id);
  assert.ok(ways.length >= 5);
  for (const [id, made] of ofType(fleet, 'AWS::AutoScaling::AutoScalingGroup'))
    assert.deepEqual([made.DependsOn ?? []].flat().toSorted(), ways.toSorted(), id);
  const [[parameter] = []] = ofType(fleet, 'AWS::SSM::Parameter');
  const [, template] = ofType(fleet, 'AWS::EC2::LaunchTemplate').find(([id]) => id.startsWith('Sloteu1a')) ?? [];
  assert.ok(
    parameter !== undefined && JSON.stringify(template).includes(`{"Ref":"${parameter}"}`),
    'it refers to the parameter, not to its name',
  );
});

describe('every instance', () => {
  const templatesOf = ofType(fleet, 'AWS::EC2::LaunchTemplate').map(
    ([, { Properties }]) => Properties['LaunchTemplateData'] as Record<string, never>,
  );

  test('asks for its metadata with a token, and a hop beyond it cannot', () => {
    for (const data of templatesOf)
      assert.deepEqual([data['MetadataOptions']!['HttpTokens'], data['MetadataOptions']!['HttpPutResponseHopLimit']], ['required', 1]);
  });

  test('has its flows remembered for longer than a node keeps a silent tunnel', () => {
    for (const data of templatesOf) {
      const [card] = data['NetworkInterfaces'] as unknown as { ConnectionTrackingSpecification: { TcpEstablishedTimeout: number } }[];
      assert.equal(card?.ConnectionTrackingSpecification.TcpEstablishedTimeout, 2 * 31 * 60);
      assert.ok(card.ConnectionTrackingSpecification.TcpEstablishedTimeout * 1_000 > stage.node.limits.idle);
    }
  });

  test('has an encrypted disk, and is replaced by no update of its own', () => {
    for (const data of templatesOf)
      assert.equal((data['BlockDeviceMappings'] as unknown as { Ebs: { Encrypted: boolean } }[])[0]?.Ebs.Encrypted, true);
    for (const [id, made] of ofType(fleet, 'AWS::AutoScaling::AutoScalingGroup')) assert.equal(made.UpdatePolicy, undefined, id);
  });
});

test('every role is one of ours: no managed policy of AWS, which would read every parameter of the account', () => {
  for (const [id, { Properties }] of ALL.filter(([, { Type }]) => Type === 'AWS::IAM::Role'))
    assert.equal(Properties['ManagedPolicyArns'], undefined, id);
});

/** A policy takes the place of the one that a topic has by itself, which lets its account publish. */
test('the topic takes what alarms of this stage say, over TLS, and from no other account', () => {
  const [policy] = ofType(fleet, 'AWS::SNS::TopicPolicy');
  assert.ok(policy);
  const { Statement: statements } = policy[1].Properties['PolicyDocument'] as { Statement: Record<string, unknown>[] };
  const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
  assert.deepEqual(
    allowed.map(({ Action, Principal, Condition }) => ({ Action, Principal, Condition })),
    [
      {
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: {
          StringEquals: { 'aws:SourceAccount': '123456789012' },
          ArnLike: { 'aws:SourceArn': 'arn:aws:cloudwatch:eu-west-1:123456789012:alarm:pinhole-example-*' },
        },
      },
    ],
  );
  assert.ok(statements.some(({ Effect, Condition }) => Effect === 'Deny' && JSON.stringify(Condition).includes('SecureTransport')));
  const named = ofType(watch, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => String(Properties['AlarmName']));
  assert.ok(named.length > 0 && named.every((each) => each.startsWith('pinhole-example-')));
});

test('no template holds a secret', () => {
  for (const value of valuesIn(templates)) assert.doesNotMatch(String(value), /PRIVATE KEY-----\n/);
});

test('the devices’ stack says which lines to type next', () => {
  const outputs = Object.values(devices?.Outputs ?? {}).map(({ Value }) => String(Value));
  assert.ok(
    outputs.some((line) => line.startsWith('./pinhole agent --proxy http://proxy.example.com:443 --endpoint a1b2c3d4e5f6g7-ats')),
    outputs.join('\n'),
  );
});

test('docs/slos.md says of each level which alarm is deployed for it, and of every alarm for which level it is', () => {
  const page = readText('docs/slos.md');
  const ofNodes = rowsWith(page, 'alert', 'when', 'why there', 'wakes', '[deployed](deploy.md) as');
  const others = rowsWith(page, 'alarm', 'when', 'wakes', 'runbook', '[deployed](deploy.md) as');
  // What stands in brackets is an alarm of another row.
  const said = [...ofNodes, ...others].flatMap(([, , , , deployed = '']) =>
    [...deployed.replace(/\(.*\)/, '').matchAll(/`([a-z-]+(?:ENDPOINT)?)`/g)].map(([, id = '']) => id),
  );
  const names = [...ofType(watch, 'AWS::CloudWatch::Alarm'), ...ofType(watch, 'AWS::CloudWatch::CompositeAlarm')].map(
    ([, { Properties }]) =>
      String(Properties['AlarmName'])
        .replace('pinhole-example-', '')
        .replace(/^eu-1[abs]-/, '')
        .replace(/^probe-.*/, 'probe-ENDPOINT'),
  );
  // A window of a burn is no alarm to anybody by itself.
  const deployed = new Set(names.filter((id) => !/^burn-\w+-\d+s$/.test(id)));
  // With a certificate, and with a load balancer.
  assert.deepEqual(said.toSorted(), [...deployed, 'certificate', 'nodes-out', 'ports-of-balancer'].toSorted());
});

test('docs/deploy.md names every stack', () => {
  const rows = rowsWith(readText('docs/deploy.md'), 'stack', 'holds', 'when it goes');
  assert.deepEqual(
    rows.map(([name = '']) => name.replaceAll('`', '')),
    Object.keys(templates).toSorted(),
  );
});

for (const [name, template] of Object.entries(templates)) {
  test(`${name}: resources and what they refer to are as they were`, () =>
    snapshotOf(template, new URL(`snapshots/slots-${name}.txt`, import.meta.url)));
}
