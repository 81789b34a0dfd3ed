// One slot: the file of its node, its role, and a group of one that replaces the node when it dies. The address is the slot's, not the node's.

import { Construct } from 'constructs';
import type { Surroundings } from './fleet-stack.ts';
import { autoScalingGroup, DRAIN_HOOK } from './group.ts';
import { nodeInstanceFiles } from './instance-files.ts';
import { InstanceRole } from './instance-role.ts';
import { launchTemplate } from './launch.ts';
import { nodeName } from './names.ts';
import { slotNodeFile } from './node-file.ts';
import { nodeParameter } from './node-parameter.ts';
import { nodeRights } from './node-rights.ts';
import { claimAddress } from './rights.ts';
import type { Slot, Stage } from './stage.ts';
import { renderUserData } from './user-data.ts';

export class SlotNode extends Construct {
  constructor(scope: Construct, stage: Stage, slot: Slot, around: Surroundings) {
    super(scope, `Slot-${slot.id}`);
    const { addresses, network, firewall, store, delivered } = around;
    const name = nodeName(stage, slot.id);
    const tags = { Name: name, 'pinhole:stage': stage.stage, 'pinhole:slot': slot.id };
    const text = slotNodeFile(stage, slot, ({ id }) => addresses.of(id).ip);
    const nodeFile = nodeParameter(this, stage, slot.id, text);
    const { allocationId } = addresses.of(slot.id);
    const role = new InstanceRole(this, 'Node', name, [
      ...nodeRights(stage, around, { group: name, parameter: nodeFile }),
      ...claimAddress(stage, slot.id, allocationId),
    ]);
    const files = nodeInstanceFiles(stage, delivered, { slot: slot.id, allocationId, group: name, hook: DRAIN_HOOK, nodeFile });
    const template = launchTemplate(this, 'Template', stage, {
      ...{ type: stage.instance.type, profile: role.profile, group: firewall.nodes, userData: renderUserData(files), tags },
    });
    const subnets = [network.subnetIn(slot.zone)];
    autoScalingGroup(this, 'Group', {
      ...{ name, count: 1, template, subnets, tags, after: network.ways },
      ...{ drains: true, topicArn: store.topic.topicArn },
    });
  }
}
