// Where a stage's stacks go: said in full, so that nothing has to be looked up.

import type { Environment } from 'aws-cdk-lib';
import type { Stage } from './stage.ts';

export function placeOf(stage: Stage): { readonly env: Environment; readonly tags: Record<string, string> } {
  return { env: { account: stage.account, region: stage.region }, tags: { 'pinhole:stage': stage.stage } };
}
