// AWS IoT inside the VPC: interface endpoints for data and credentials, and a private zone for each name that nodes dial. AWS's own private
// DNS has to be off for these (IoT developer guide, VPC endpoints), so the zones are made here. Agents see no difference.

import { Fn } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import type { Firewall } from './firewall.ts';
import { UPSTREAM_PORTS } from './names.ts';
import type { Network } from './network.ts';
import type { Stage } from './stage.ts';

const KINDS = ['data', 'credentials'] as const;

export class IotEndpoints extends Construct {
  constructor(scope: Construct, stage: Stage, network: Network, firewall: Firewall) {
    super(scope, 'IotEndpoints');
    const group = new ec2.CfnSecurityGroup(this, 'Group', {
      ...{ vpcId: network.vpcId, groupDescription: `${stage.prefix}: endpoints of AWS IoT` },
      securityGroupIngress: UPSTREAM_PORTS.map((port) => ({
        ...{ ipProtocol: 'tcp', fromPort: port, toPort: port, sourceSecurityGroupId: firewall.nodes, description: 'nodes' },
      })),
    });
    for (const kind of KINDS) {
      const names = stage.node.endpoints.flatMap((entry) => entry[kind] ?? []);
      if (names.length > 0) this.#make(stage, network, group.attrGroupId, kind, names);
    }
  }

  #make(stage: Stage, network: Network, group: string, kind: (typeof KINDS)[number], names: readonly string[]): void {
    const endpoint = new ec2.CfnVPCEndpoint(this, kind, {
      vpcEndpointType: 'Interface',
      serviceName: `com.amazonaws.${stage.region}.iot.${kind}`,
      vpcId: network.vpcId,
      subnetIds: stage.network.zones.map(({ zone }) => network.subnetIn(zone)),
      securityGroupIds: [group],
      privateDnsEnabled: false,
    });
    // `ZONE:NAME`, the regional one first (EC2 API, DnsEntries).
    const entry = Fn.split(':', Fn.select(0, endpoint.attrDnsEntries), 2);
    for (const name of names) {
      const zone = new route53.CfnHostedZone(this, `Zone-${name}`, { name, vpcs: [{ vpcId: network.vpcId, vpcRegion: stage.region }] });
      new route53.CfnRecordSet(this, `Record-${name}`, {
        ...{ hostedZoneId: zone.attrId, name, type: 'A' },
        aliasTarget: { hostedZoneId: Fn.select(0, entry), dnsName: Fn.select(1, entry) },
      });
    }
  }
}
