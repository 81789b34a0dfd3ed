// Who may do what: each instance has what it needs, for its own slot, and nothing that changes DNS; one role changes DNS, and nothing else.
// Statements only; pure, but for what CDK's own types do.

import * as iam from 'aws-cdk-lib/aws-iam';
import type { Stage } from './stage.ts';

/** Condition keys of IAM for Route 53; the action words are Route 53's own. */
const DNS_CONDITION = 'route53:ChangeResourceRecordSets';

function allow(
  actions: readonly string[],
  resources: readonly string[],
  conditions: Readonly<Record<string, unknown>> = {},
): iam.PolicyStatement {
  return new iam.PolicyStatement({ actions: [...actions], resources: [...resources], conditions });
}

/**
 * Session Manager, for people who have to look: no port, no key. What AWS's managed policy adds to these, above all reading every parameter
 * of the account, is left out. None of them knows resources (Service Authorization Reference).
 */
export function sessionManager(): iam.PolicyStatement[] {
  const channels = ['CreateControlChannel', 'CreateDataChannel', 'OpenControlChannel', 'OpenDataChannel'];
  return [allow(['ssm:UpdateInstanceInformation', ...channels.map((action) => `ssmmessages:${action}`)], ['*'])];
}

export function readObjects(...arns: readonly string[]): iam.PolicyStatement {
  return allow(['s3:GetObject'], arns);
}

export function readSecrets(...arns: readonly string[]): iam.PolicyStatement {
  return allow(['secretsmanager:GetSecretValue'], arns);
}

export function readParameter(arn: string): iam.PolicyStatement {
  return allow(['ssm:GetParameter'], [arn]);
}

export function writeLogs(...groupArns: readonly string[]): iam.PolicyStatement {
  return allow(['logs:CreateLogStream', 'logs:DescribeLogStreams', 'logs:PutLogEvents'], groupArns);
}

/** PutMetricData knows no resources; the namespace is what it can be held to. */
export function putMetrics(namespace: string): iam.PolicyStatement {
  return allow(['cloudwatch:PutMetricData'], ['*'], { StringEquals: { 'cloudwatch:namespace': namespace } });
}

/** To hold the lifecycle hook while the node drains, and to let it go. */
export function finishTermination(groupArn: string): iam.PolicyStatement {
  return allow(['autoscaling:CompleteLifecycleAction', 'autoscaling:RecordLifecycleActionHeartbeat'], [groupArn]);
}

/** Its own slot's address, for an instance of its own slot. */
export function claimAddress(stage: Stage, slot: string, allocationId: string): iam.PolicyStatement[] {
  const arn = `arn:aws:ec2:${stage.region}:${stage.account}`;
  return [
    allow(['ec2:AssociateAddress'], [`${arn}:elastic-ip/${allocationId}`]),
    allow(['ec2:AssociateAddress'], [`${arn}:instance/*`, `${arn}:network-interface/*`], { StringEquals: ofSlot(stage, slot) }),
    allow(['ec2:DescribeAddresses'], ['*']),
  ];
}

function ofSlot({ stage }: Stage, slot: string): Record<string, string> {
  return { 'aws:ResourceTag/pinhole:stage': stage, 'aws:ResourceTag/pinhole:slot': slot };
}

/** To find the nodes that `fleet drain` talks to. */
export function findNodes(): iam.PolicyStatement {
  return allow(['ec2:DescribeInstances'], ['*']);
}

/** What docs/fleet.md says `fleet run` needs; a test holds the two equal. */
export function changeDns({ zone, name, companion }: Stage): iam.PolicyStatement[] {
  const zoneArn = `arn:aws:route53:::hostedzone/${zone.id}`;
  const conditions = {
    'ForAllValues:StringEquals': {
      [`${DNS_CONDITION}NormalizedRecordNames`]: [name, companion],
      [`${DNS_CONDITION}RecordTypes`]: ['A'],
      [`${DNS_CONDITION}Actions`]: ['UPSERT', 'DELETE'],
    },
  };
  const read = ['GetChange', 'GetHealthCheckStatus', 'ListHealthChecks', 'ListHostedZonesByName', 'ListTagsForResources'];
  const keep = ['ChangeTagsForResource', 'CreateHealthCheck', 'DeleteHealthCheck', 'UpdateHealthCheck'];
  return [
    allow(read.map(route53), ['*']),
    allow(['GetHostedZone', 'ListResourceRecordSets'].map(route53), [zoneArn]),
    allow([route53('ChangeResourceRecordSets')], [zoneArn], conditions),
    allow(keep.map(route53), ['*']),
  ];
}

function route53(action: string): string {
  return `route53:${action}`;
}
