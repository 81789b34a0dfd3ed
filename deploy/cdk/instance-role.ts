// The role of one kind of instance, and the profile by which EC2 hands it over.

import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** Why a wildcard in a role is all that AWS lets us say, or is held by something else. One that is not here fails synth. */
const WILDCARDS: readonly (readonly [RegExp, string])[] = [
  [
    /^\*$/,
    'These actions know no resources (Service Authorization Reference): Session Manager’s channels, Describe calls, PutMetricData (held to its ' +
      'namespace), and Route 53’s lists and health checks.',
  ],
  [
    /:(instance|network-interface)\/\*$/,
    'Which instance will be started is not known beforehand; a condition holds it to the tags of this slot.',
  ],
  [/:autoScalingGroup:\*:autoScalingGroupName\//, 'The star is the group’s UUID, which only AWS knows; the name behind it is exact.'],
];

export class InstanceRole extends Construct {
  readonly profile: string;

  constructor(scope: Construct, id: string, name: string, statements: readonly iam.PolicyStatement[]) {
    super(scope, id);
    const role = new iam.Role(this, 'Role', {
      roleName: name,
      assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
      inlinePolicies: { own: new iam.PolicyDocument({ statements: [...statements] }) },
    });
    for (const resource of new Set(statements.flatMap((statement) => statement.resources))) {
      const reason = WILDCARDS.find(([pattern]) => pattern.test(resource))?.[1];
      if (reason !== undefined) acknowledge(role, `IAM5[Resource::${resource}]`, reason);
    }
    this.profile = new iam.CfnInstanceProfile(this, 'Profile', { roles: [role.roleName] }).attrArn;
  }
}
