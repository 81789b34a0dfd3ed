// Where `fleet run` runs: one small instance for the fleet, with the only role here that may change DNS. It carries no tunnel; while it is
// gone, records stay as they are and Route 53's checks go on.

import { Construct } from 'constructs';
import type { Surroundings } from './fleet-stack.ts';
import { autoScalingGroup } from './group.ts';
import { fleetInstanceFiles, namespaceOf } from './instance-files.ts';
import { InstanceRole } from './instance-role.ts';
import { launchTemplate } from './launch.ts';
import { reconcilerName } from './names.ts';
import { releaseArn } from './node-rights.ts';
import * as rights from './rights.ts';
import type { Stage } from './stage.ts';
import { renderUserData } from './user-data.ts';

/** The smallest of today that has room for Node. */
const TYPE = { arm64: 't4g.micro', x64: 't3.micro' } as const;

export class Reconciler extends Construct {
  constructor(scope: Construct, stage: Stage, { network, firewall, store, delivered }: Surroundings) {
    super(scope, 'Reconciler');
    const { bucket, token, groups, topic } = store;
    const name = reconcilerName(stage);
    const tags = { Name: name, 'pinhole:stage': stage.stage };
    const role = new InstanceRole(this, 'Instance', name, [
      ...rights.changeDns(stage),
      ...rights.sessionManager(),
      rights.findNodes(),
      rights.readObjects(releaseArn(stage), bucket.arnForObjects('FLEET.yaml')),
      rights.readSecrets(token.secretArn),
      rights.writeLogs(groups.fleet.logGroupArn),
      rights.putMetrics(namespaceOf(stage)),
    ]);
    const userData = renderUserData(fleetInstanceFiles(stage, delivered));
    const template = launchTemplate(this, 'Template', stage, {
      ...{ type: TYPE[stage.architecture], profile: role.profile, group: firewall.reconciler, userData, tags },
    });
    const subnets = stage.network.zones.map(({ zone }) => network.subnetIn(zone));
    autoScalingGroup(this, 'Group', {
      ...{ name, count: 1, template, subnets, tags, after: network.ways },
      ...{ drains: false, topicArn: topic.topicArn },
    });
  }
}
