// The published addresses, and nothing else: customers have them in their firewalls, so they outlive every release, every other stack, and
// this one's own deletion.

import { CfnOutput, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { CfnEIP } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { placeOf } from './place.ts';
import { renderAddresses } from './outputs.ts';
import type { Slot, Stage } from './stage.ts';

export interface Address {
  readonly ip: string;
  readonly allocationId: string;
}

export class AddressesStack extends Stack {
  readonly #addresses: ReadonlyMap<string, Address>;

  constructor(scope: Construct, stage: Stage) {
    super(scope, `${stage.prefix}-addresses`, {
      ...placeOf(stage),
      description: 'Pinhole: the published addresses. Never delete them: customers allow them by number.',
      terminationProtection: true,
    });
    this.#addresses = new Map(stage.slots.map((slot) => [slot.id, this.#allocate(stage, slot)]));
    new CfnOutput(this, 'Addresses', {
      value: renderAddresses(stage.slots.map(({ id, role }) => ({ slot: id, address: this.of(id).ip, role }))),
      description: 'For FLEET.yaml, and for `pinhole addresses make`: slot=address, those in use first.',
    });
  }

  of(slot: string): Address {
    const found = this.#addresses.get(slot);
    if (found === undefined) throw new Error(`no address was made for ${slot}`);
    return found;
  }

  #allocate(stage: Stage, { id }: Slot): Address {
    const eip = new CfnEIP(this, `Address-${id}`, { domain: 'vpc' });
    eip.applyRemovalPolicy(RemovalPolicy.RETAIN);
    Tags.of(eip).add('Name', `${stage.prefix}-${id}`);
    Tags.of(eip).add('pinhole:slot', id);
    return { ip: eip.ref, allocationId: eip.attrAllocationId };
  }
}
