// The nodes of a stage, what they run by, and the one instance that keeps DNS. No record and no health check of the fleet is made here:
// `fleet apply` owns those, so that a deployment never resets a weight.

import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { AddressesStack } from './addresses-stack.ts';
import { Balanced } from './balanced.ts';
import { Firewall } from './firewall.ts';
import type { Delivered } from './instance-files.ts';
import { IotEndpoints } from './iot-endpoints.ts';
import { Network } from './network.ts';
import { placeOf } from './place.ts';
import { Reconciler } from './reconciler.ts';
import { SlotNode } from './slot-node.ts';
import type { Stage } from './stage.ts';
import { Store } from './store.ts';

/** What the nodes of either shape are made with. */
export interface Surroundings {
  readonly addresses: AddressesStack;
  readonly network: Network;
  readonly firewall: Firewall;
  readonly store: Store;
  readonly delivered: Delivered;
}

export class FleetStack extends Stack {
  readonly store: Store;
  /** Null in the shape `slots`. */
  readonly balanced: Balanced | null;

  constructor(scope: Construct, stage: Stage, addresses: AddressesStack) {
    super(scope, `${stage.prefix}-fleet`, { ...placeOf(stage), description: `Pinhole: the nodes of ${stage.name}, shape ${stage.shape}.` });
    const network = new Network(this, stage);
    const firewall = new Firewall(this, stage, network.vpcId);
    this.store = new Store(this, stage);
    const around: Surroundings = { addresses, network, firewall, store: this.store, delivered: deliveredBy(stage, this.store) };
    if (stage.network.iotEndpoints) new IotEndpoints(this, stage, network, firewall);
    this.balanced = stage.shape === 'nlb' ? new Balanced(this, stage, around) : null;
    if (stage.shape === 'slots') for (const slot of stage.slots) new SlotNode(this, stage, slot, around);
    new Reconciler(this, stage, around);
    new CfnOutput(this, 'FleetFile', { value: around.delivered.fleetUrl, description: 'Where `fleet run` takes FLEET.yaml from.' });
  }
}

function deliveredBy(stage: Stage, { bucket, token, certificate, groups }: Store): Delivered {
  return {
    tokenSecret: token.secretName,
    certificateSecret: certificate?.secretName ?? null,
    addressListUrl: stage.addressList ? `s3://${bucket.bucketName}/addresses.json` : null,
    fleetUrl: `s3://${bucket.bucketName}/FLEET.yaml`,
    groups: { records: groups.records.logGroupName, metrics: groups.metrics.logGroupName, fleet: groups.fleet.logGroupName },
  };
}
