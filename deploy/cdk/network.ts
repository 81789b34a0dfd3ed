// The VPC with a public subnet in each zone, made or given. Nodes need no NAT gateway: each has an address of its own.

import { type CfnResource, Fn } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeTemplate } from './acknowledge.ts';
import type { Stage } from './stage.ts';

/** Amazon gives a VPC a /56; a subnet takes a /64 of it (VPC guide, IPv6). */
const SUBNET_IPV6_BITS = 64;

export class Network extends Construct {
  readonly vpcId: string;
  /** What an instance needs on its way out: one that boots before them is alone, and no subnet refers to them. Empty where the VPC is given. */
  readonly ways: readonly CfnResource[];
  readonly #subnets = new Map<string, string>();

  constructor(scope: Construct, stage: Stage) {
    super(scope, 'Network');
    const { network } = stage;
    if (network.vpc === undefined) {
      const { vpcId, ways } = this.#make(stage);
      this.vpcId = vpcId;
      this.ways = ways;
      return;
    }
    this.vpcId = network.vpc;
    this.ways = [];
    for (const { zone, subnet } of network.zones) this.#subnets.set(zone, subnet ?? '');
  }

  subnetIn(zone: string): string {
    const found = this.#subnets.get(zone);
    if (found === undefined) throw new Error(`no subnet in ${zone}`);
    return found;
  }

  #make({ network, region, prefix }: Stage): Pick<Network, 'vpcId' | 'ways'> {
    const vpc = new ec2.CfnVPC(this, 'Vpc', {
      cidrBlock: network.cidr,
      enableDnsSupport: true,
      enableDnsHostnames: true,
      tags: named(prefix),
    });
    acknowledge(
      vpc,
      'VPC7',
      'Every connection to a node leaves a record of its own, with more than a flow log has; a log of flows would double it.',
    );
    const gateway = new ec2.CfnInternetGateway(this, 'Gateway', { tags: named(prefix) });
    const attachment = new ec2.CfnVPCGatewayAttachment(this, 'Attachment', { vpcId: vpc.ref, internetGatewayId: gateway.ref });
    const routes = new ec2.CfnRouteTable(this, 'Routes', { vpcId: vpc.ref, tags: named(prefix) });
    const out = new ec2.CfnRoute(this, 'Out', { routeTableId: routes.ref, destinationCidrBlock: '0.0.0.0/0', gatewayId: gateway.ref });
    out.addResourceDependency(attachment);
    // Releases come from S3: by this way they cost nothing.
    const s3 = new ec2.CfnVPCEndpoint(this, 'S3', {
      vpcId: vpc.ref,
      serviceName: `com.amazonaws.${region}.s3`,
      routeTableIds: [routes.ref],
    });
    const ipv6 = network.ipv6 ? this.#makeIpv6(vpc, routes) : null;
    const ways: CfnResource[] = [out, s3];

    for (const [index, { zone, cidr }] of network.zones.entries()) {
      const subnet = new ec2.CfnSubnet(this, `Subnet-${zone}`, {
        ...{ vpcId: vpc.ref, availabilityZone: zone, cidrBlock: cidr ?? '', mapPublicIpOnLaunch: false, tags: named(`${prefix}-${zone}`) },
        ...(ipv6 === null ? {} : { ipv6CidrBlock: ipv6Block(vpc, index, network.zones.length) }),
      });
      acknowledgeTemplate(
        subnet,
        'W3010',
        'A slot is in one zone, and the stage says which: looked up, it could change under a published address.',
      );
      if (ipv6 !== null) subnet.addResourceDependency(ipv6);
      ways.push(new ec2.CfnSubnetRouteTableAssociation(this, `Route-${zone}`, { subnetId: subnet.ref, routeTableId: routes.ref }));
      this.#subnets.set(zone, subnet.ref);
    }
    return { vpcId: vpc.ref, ways };
  }

  /** Outwards only: nothing that begins outside comes in by it. */
  #makeIpv6(vpc: ec2.CfnVPC, routes: ec2.CfnRouteTable): ec2.CfnVPCCidrBlock {
    const block = new ec2.CfnVPCCidrBlock(this, 'Ipv6', { vpcId: vpc.ref, amazonProvidedIpv6CidrBlock: true });
    const gateway = new ec2.CfnEgressOnlyInternetGateway(this, 'Ipv6Gateway', { vpcId: vpc.ref });
    new ec2.CfnRoute(this, 'Ipv6Out', {
      routeTableId: routes.ref,
      destinationIpv6CidrBlock: '::/0',
      egressOnlyInternetGatewayId: gateway.ref,
    });
    return block;
  }
}

function ipv6Block(vpc: ec2.CfnVPC, index: number, count: number): string {
  const whole = Fn.select(0, vpc.attrIpv6CidrBlocks);
  return Fn.select(index, Fn.cidr(whole, count, String(SUBNET_IPV6_BITS)));
}

function named(name: string): { key: string; value: string }[] {
  return [{ key: 'Name', value: name }];
}
