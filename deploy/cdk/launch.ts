// How an instance is started: the same care for nodes and for the one that runs `fleet run`.

import { Fn, type CfnTag } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { Stage } from './stage.ts';

/** What `TcpEstablishedTimeout` takes, in seconds (EC2 API, ConnectionTrackingSpecification). */
const TRACKING_MIN_S = 60;
const TRACKING_MAX_S = 432_000;

export interface Launch {
  readonly type: string;
  readonly profile: string;
  readonly group: string;
  readonly userData: string;
  readonly tags: Readonly<Record<string, string>>;
}

export function launchTemplate(scope: Construct, id: string, stage: Stage, launch: Launch): ec2.CfnLaunchTemplate {
  const tags: CfnTag[] = Object.entries(launch.tags).map(([key, value]) => ({ key, value }));
  return new ec2.CfnLaunchTemplate(scope, id, {
    launchTemplateData: {
      imageId: stage.instance.image,
      instanceType: launch.type,
      iamInstanceProfile: { arn: launch.profile },
      userData: Fn.base64(launch.userData),
      // IMDSv2 only, and no hop beyond the instance: nothing that is reached through the proxy can ask it.
      metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1, httpEndpoint: 'enabled', instanceMetadataTags: 'disabled' },
      monitoring: { enabled: true },
      blockDeviceMappings: [
        {
          deviceName: '/dev/xvda',
          ebs: { encrypted: true, volumeType: 'gp3', volumeSize: stage.instance.diskGiB, deleteOnTermination: true },
        },
      ],
      networkInterfaces: [
        {
          deviceIndex: 0,
          // To fetch what it runs by before it has its Elastic IP, which then takes the place of this one.
          associatePublicIpAddress: true,
          ...(stage.network.ipv6 ? { ipv6AddressCount: 1 } : {}),
          groups: [launch.group],
          deleteOnTermination: true,
          connectionTrackingSpecification: { tcpEstablishedTimeout: trackingSeconds(stage) },
        },
      ],
      tagSpecifications: ['instance', 'network-interface', 'volume'].map((resourceType) => ({ resourceType, tags })),
    },
  });
}

/**
 * EC2 forgets a silent flow after 350 s on newer types, and drops what comes after: idle tunnels would die without a word. Twice the node's
 * own limit, so that it is always the node that ends a tunnel.
 */
export function trackingSeconds({ node }: Pick<Stage, 'node'>): number {
  return Math.min(TRACKING_MAX_S, Math.max(TRACKING_MIN_S, Math.ceil((2 * node.limits.idle) / 1_000)));
}
