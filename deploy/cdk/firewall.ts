// Security groups, each rule with its reason. The one port that is open to the world is 443, and nothing of ours has SSH.

import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { ADMIN_PORT, AGENT_PORT, BALANCER_CHECK_PORT, UPSTREAM_PORTS } from './names.ts';
import type { Stage } from './stage.ts';

const WORLD = '0.0.0.0/0';
const OPEN =
  'Port 443 is the product: sites are told to allow these addresses. Who may use it, and for what, is decided by the proxy, with a record of each.';

export class Firewall extends Construct {
  readonly nodes: string;
  readonly reconciler: string;
  /** Null in the shape `slots`. */
  readonly balancer: string | null;

  constructor(scope: Construct, stage: Stage, vpcId: string) {
    super(scope, 'Firewall');
    const egress = egressOf(stage);
    const nodes = new ec2.CfnSecurityGroup(this, 'Nodes', {
      ...{ vpcId, groupDescription: `${stage.prefix}: nodes`, securityGroupEgress: egress },
      securityGroupIngress: stage.shape === 'slots' ? [fromWorld()] : [],
    });
    const reconciler = new ec2.CfnSecurityGroup(this, 'Reconciler', {
      ...{ vpcId, groupDescription: `${stage.prefix}: fleet run`, securityGroupEgress: [allow('tcp', 443, WORLD, 'AWS'), ...dns(stage)] },
    });
    this.nodes = nodes.attrGroupId;
    this.reconciler = reconciler.attrGroupId;
    this.balancer = stage.shape === 'nlb' ? this.#balance(stage, vpcId) : null;
    if (stage.shape === 'slots') {
      acknowledge(nodes, 'EC23', OPEN);
      this.#join('Admin', ADMIN_PORT, this.reconciler, this.nodes, 'fleet drain');
    }
  }

  #balance(stage: Stage, vpcId: string): string {
    const balancer = new ec2.CfnSecurityGroup(this, 'Balancer', {
      ...{ vpcId, groupDescription: `${stage.prefix}: load balancer`, securityGroupIngress: [fromWorld()] },
      // Without a rule here everything would be allowed; the rules that count are below.
      securityGroupEgress: [{ ipProtocol: 'icmp', fromPort: 3, toPort: 4, cidrIp: stage.network.cidr, description: 'path MTU' }],
    });
    acknowledge(balancer, 'EC23', OPEN);
    this.#join('Agents', AGENT_PORT, balancer.attrGroupId, this.nodes, 'agents, with a PROXY header');
    this.#join('Check', BALANCER_CHECK_PORT, balancer.attrGroupId, this.nodes, 'health checks of the load balancer');
    return balancer.attrGroupId;
  }

  /** One group to another, which neither could name in its own rules without a circle. */
  #join(id: string, port: number, from: string, to: string, description: string): void {
    const rule = { ipProtocol: 'tcp', fromPort: port, toPort: port, description };
    new ec2.CfnSecurityGroupEgress(this, `${id}Out`, { ...rule, groupId: from, destinationSecurityGroupId: to });
    new ec2.CfnSecurityGroupIngress(this, `${id}In`, { ...rule, groupId: to, sourceSecurityGroupId: from });
  }
}

function fromWorld(): ec2.CfnSecurityGroup.IngressProperty {
  return {
    ipProtocol: 'tcp',
    fromPort: AGENT_PORT,
    toPort: AGENT_PORT,
    cidrIp: WORLD,
    description: 'agents, and Route 53 health checkers',
  };
}

function egressOf(stage: Stage): ec2.CfnSecurityGroup.EgressProperty[] {
  const upstream = UPSTREAM_PORTS.map((port) => allow('tcp', port, WORLD, port === 443 ? 'AWS IoT, AWS APIs, other nodes' : 'AWS IoT'));
  const upstream6 = UPSTREAM_PORTS.map((port) => ({ ...tcp(port), cidrIpv6: '::/0', description: 'AWS IoT' }));
  return [...upstream, ...(stage.network.ipv6 ? upstream6 : []), ...dns(stage)];
}

function dns({ network }: Stage): ec2.CfnSecurityGroup.EgressProperty[] {
  return [allow('udp', 53, network.cidr, 'resolver of the VPC'), allow('tcp', 53, network.cidr, 'resolver of the VPC')];
}

function tcp(port: number): { ipProtocol: string; fromPort: number; toPort: number } {
  return { ipProtocol: 'tcp', fromPort: port, toPort: port };
}

function allow(ipProtocol: 'tcp' | 'udp', port: number, cidrIp: string, description: string): ec2.CfnSecurityGroup.EgressProperty {
  return { ...tcp(port), ipProtocol, cidrIp, description };
}
