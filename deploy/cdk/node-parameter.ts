// A node's file in Parameter Store: a change of it is on every node within a minute, and no instance is replaced for it.

import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { Stage } from './stage.ts';

/** What the standard tier takes; the advanced one costs a little (Systems Manager, parameter tiers). */
const STANDARD_BYTES_MAX = 4_096;
/** Addresses are tokens here, and shorter or longer than what they stand for. */
const ROOM_BYTES = 512;

/** Gives its name, as a reference to it: whoever is told the name is made after the parameter. */
export function nodeParameter(scope: Construct, { stage }: Stage, node: string, text: string): string {
  const made = new CfnParameter(scope, 'File', {
    ...{ name: `/pinhole/${stage}/nodes/${node}`, type: 'String', value: text },
    tier: Buffer.byteLength(text) + ROOM_BYTES > STANDARD_BYTES_MAX ? 'Advanced' : 'Standard',
    description: 'pinhole.yaml of the node. Change it by the stage.',
  });
  return made.ref;
}
