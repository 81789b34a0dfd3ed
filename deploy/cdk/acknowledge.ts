// Findings of cdk-nag, and of CDK's own reading of the templates, that are right about what they see and wrong about this deployment, each with the reason beside the resource.

import { type CfnResource, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** `rule` as cdk-nag prints it, without its pack: `EC23`, `IAM5[Resource::*]`. */
export function acknowledge(construct: IConstruct, rule: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}

/** A finding of "CloudFormation Validate", which comes with CDK, and by the same number of cfn-lint, which reads it from the template: `W3010`. */
export function acknowledgeTemplate(resource: CfnResource, rule: string, reason: string): void {
  Validations.of(resource).acknowledge({ id: `CloudFormation-Validate::${rule}`, reason });
  resource.addMetadata('cfn-lint', { config: { ignore_checks: [rule] } });
}
