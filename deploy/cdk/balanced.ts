// The shape `nlb`: a Network Load Balancer holds the published addresses, one for each zone, and any number of nodes stands behind it.

import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { Surroundings } from './fleet-stack.ts';
import { autoScalingGroup, DRAIN_HOOK } from './group.ts';
import { nodeInstanceFiles } from './instance-files.ts';
import { InstanceRole } from './instance-role.ts';
import { launchTemplate } from './launch.ts';
import { AGENT_PORT, BALANCER_CHECK_PORT, POOL } from './names.ts';
import { poolNodeFile } from './node-file.ts';
import { nodeParameter } from './node-parameter.ts';
import { nodeRights } from './node-rights.ts';
import { HOOK_MAX_S, NLB_IDLE_MAX_S } from './shape-check.ts';
import type { Stage } from './stage.ts';
import { renderUserData } from './user-data.ts';

/** Longest `deregistration_delay.timeout_seconds` (ELB v2 API). Connections outlive it: they are not cut at its end. */
const DEREGISTRATION_MAX_S = 3_600;

export class Balanced extends Construct {
  readonly loadBalancer: elb.CfnLoadBalancer;
  readonly targets: elb.CfnTargetGroup;

  constructor(scope: Construct, stage: Stage, around: Surroundings) {
    super(scope, 'Balanced');
    this.loadBalancer = this.#makeLoadBalancer(stage, around);
    this.targets = this.#makeTargets(stage, around);
    const listener = new elb.CfnListener(this, 'Listener', {
      loadBalancerArn: this.loadBalancer.ref,
      ...{ port: AGENT_PORT, protocol: 'TCP' },
      defaultActions: [{ type: 'forward', targetGroupArn: this.targets.ref }],
      // MQTT may be silent for half an hour; the default of 350 s would cut it without a word to either side.
      listenerAttributes: [{ key: 'tcp.idle_timeout.seconds', value: String(NLB_IDLE_MAX_S) }],
    });
    this.#makeNodes(stage, around).addResourceDependency(listener);
  }

  #makeLoadBalancer(stage: Stage, { addresses, network, firewall }: Surroundings): elb.CfnLoadBalancer {
    const made = new elb.CfnLoadBalancer(this, 'LoadBalancer', {
      ...{ name: stage.prefix, type: 'network', scheme: 'internet-facing', ipAddressType: 'ipv4' },
      subnetMappings: stage.slots.map(({ id, zone }) => ({
        subnetId: network.subnetIn(zone),
        allocationId: addresses.of(id).allocationId,
      })),
      securityGroups: firewall.balancer === null ? [] : [firewall.balancer],
      loadBalancerAttributes: [
        // Each published address works while any node does.
        { key: 'load_balancing.cross_zone.enabled', value: 'true' },
        { key: 'deletion_protection.enabled', value: 'true' },
      ],
    });
    acknowledge(
      made,
      'ELB2',
      'A Network Load Balancer writes access logs for TLS listeners only, and this one passes TCP; each node’s records have it all.',
    );
    return made;
  }

  #makeTargets(stage: Stage, { network }: Surroundings): elb.CfnTargetGroup {
    return new elb.CfnTargetGroup(this, 'Targets', {
      ...{ name: stage.prefix, vpcId: network.vpcId, port: AGENT_PORT, protocol: 'TCP', targetType: 'instance' },
      ...{ healthCheckProtocol: 'HTTP', healthCheckPort: String(BALANCER_CHECK_PORT), healthCheckPath: '/ready' },
      ...{ healthCheckIntervalSeconds: 10, healthyThresholdCount: 3, unhealthyThresholdCount: 3 },
      targetGroupAttributes: Object.entries({
        'proxy_protocol_v2.enabled': true,
        // With the header the client is known all the same, and the node sees who may send one.
        'preserve_client_ip.enabled': false,
        'deregistration_delay.timeout_seconds': DEREGISTRATION_MAX_S,
        // The pace is the node's: neither leaving nor a failed check may cut what is open, which is what would happen by default.
        'deregistration_delay.connection_termination.enabled': false,
        'target_health_state.unhealthy.connection_termination.enabled': false,
        'target_health_state.unhealthy.draining_interval_seconds': HOOK_MAX_S,
      }).map(([key, value]) => ({ key, value: String(value) })),
    });
  }

  #makeNodes(stage: Stage, around: Surroundings) {
    const { addresses, network, firewall, store, delivered } = around;
    const name = `${stage.prefix}-nodes`;
    const tags = { Name: name, 'pinhole:stage': stage.stage, 'pinhole:slot': POOL };
    const nodeFile = nodeParameter(
      this,
      stage,
      POOL,
      poolNodeFile(stage, ({ id }) => addresses.of(id).ip),
    );
    const role = new InstanceRole(this, 'Node', name, nodeRights(stage, around, { group: name, parameter: nodeFile }));
    const files = nodeInstanceFiles(stage, delivered, { slot: POOL, allocationId: null, group: name, hook: DRAIN_HOOK, nodeFile });
    const template = launchTemplate(this, 'Template', stage, {
      ...{ type: stage.instance.type, profile: role.profile, group: firewall.nodes, userData: renderUserData(files), tags },
    });
    return autoScalingGroup(this, 'Group', {
      ...{ name, count: stage.nodes ?? 0, template, subnets: stage.slots.map(({ zone }) => network.subnetIn(zone)), tags },
      ...{ drains: true, topicArn: store.topic.topicArn, targetGroupArn: this.targets.ref, after: network.ways },
    });
  }
}
