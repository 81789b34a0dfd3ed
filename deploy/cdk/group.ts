// An Auto Scaling group of ours: replaces what dies, and never by itself what runs. It has no update policy, so that a deployment changes what
// the next instance is like and touches none that carries tunnels.

import { CfnAutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import type { CfnResource } from 'aws-cdk-lib';
import type { CfnLaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { Stage } from './stage.ts';

/**
 * The instance renews it every five minutes, so a dead one is let go within this. EC2 Auto Scaling takes 30 to 7,200 s, and no hook lasts
 * for more than a hundred of them: below 1,728 s a drain would be cut off before the 48 hours of HOOK_MAX_S.
 */
const HEARTBEAT_S = 1_800;
/** Boot, release and all, before a failed status check counts. */
const GRACE_S = 600;
export const DRAIN_HOOK = 'drain';

export interface Group {
  readonly name: string;
  readonly count: number;
  readonly template: CfnLaunchTemplate;
  readonly subnets: readonly string[];
  /** What has to be there before the first instance boots. */
  readonly after: readonly CfnResource[];
  readonly tags: Readonly<Record<string, string>>;
  readonly drains: boolean;
  readonly topicArn: string;
  readonly targetGroupArn?: string;
}

export function autoScalingGroup(scope: Construct, id: string, group: Group): CfnAutoScalingGroup {
  const count = String(group.count);
  const made = new CfnAutoScalingGroup(scope, id, {
    autoScalingGroupName: group.name,
    minSize: count,
    maxSize: count,
    desiredCapacity: count,
    vpcZoneIdentifier: [...group.subnets],
    launchTemplate: { launchTemplateId: group.template.ref, version: group.template.attrLatestVersionNumber },
    healthCheckType: 'EC2',
    healthCheckGracePeriod: GRACE_S,
    ...(group.targetGroupArn === undefined ? {} : { targetGroupArns: [group.targetGroupArn] }),
    ...(group.drains ? { lifecycleHookSpecificationList: [drainHook()] } : {}),
    notificationConfigurations: [
      {
        topicArn: group.topicArn,
        notificationTypes: ['LAUNCH', 'LAUNCH_ERROR', 'TERMINATE', 'TERMINATE_ERROR'].map((event) => `autoscaling:EC2_INSTANCE_${event}`),
      },
    ],
    tags: Object.entries(group.tags).map(([key, value]) => ({ key, value, propagateAtLaunch: true })),
  });
  for (const resource of group.after) made.addResourceDependency(resource);
  acknowledge(
    made,
    'AS1',
    'A change of load moves no tunnel, and one that ends comes back as a CONNECT against the account’s quota: capacity is planned, with an alarm on headroom.',
  );
  return made;
}

function drainHook(): CfnAutoScalingGroup.LifecycleHookSpecificationProperty {
  return {
    lifecycleHookName: DRAIN_HOOK,
    lifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
    heartbeatTimeout: HEARTBEAT_S,
    defaultResult: 'CONTINUE',
  };
}

export function groupArn({ region, account }: Stage, name: string): string {
  return `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:*:autoScalingGroupName/${name}`;
}
