// Puts the stacks of one stage together. Asks nothing of AWS: whatever it would have to look up, the stage says.

import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { IdentityStack } from '../identity/identity-stack.ts';
import { AddressesStack } from './addresses-stack.ts';
import { FleetStack } from './fleet-stack.ts';
import type { Stage } from './stage.ts';
import { WatchStack } from './watch-stack.ts';

/** `outdir`: where the templates go; by default a temporary folder. A finding of cdk-nag fails `synth`. */
export function buildApp(stage: Stage, outdir?: string): App {
  const app = new App({ analyticsReporting: false, ...(outdir === undefined ? {} : { outdir }) });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));
  const addresses = new AddressesStack(app, stage);
  const fleet = new FleetStack(app, stage, addresses);
  new WatchStack(app, stage, fleet);
  if (stage.devices !== undefined) new IdentityStack(app, stage, stage.devices);
  return app;
}
