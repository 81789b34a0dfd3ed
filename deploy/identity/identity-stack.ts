// What devices are known by: their type and group, the policies of their certificates, and the role that temporary credentials are of. No
// device is made here: its key belongs on the device, and `provision` makes one from there.

import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as iot from 'aws-cdk-lib/aws-iot';
import type { Construct } from 'constructs';
import { acknowledge } from '../cdk/acknowledge.ts';
import { placeOf } from '../cdk/place.ts';
import type { Stage } from '../cdk/stage.ts';
import { agentLine } from './agent-line.ts';
import { claimTemplate } from './claim-template.ts';
import { identityNames } from './names.ts';
import * as policies from './policies.ts';

/** The example device in the stack's outputs. */
const EXAMPLE_THING = 'my-device';

const OWN_TOPICS = 'The star stands for levels of the device’s own topics; the variable in front of it is the device’s name.';
const ANY_THING = 'Which devices there will be is not known beforehand; type, group and role beside it are exact.';
const NO_RESOURCES = 'These calls know no resources (Service Authorization Reference).';

export class IdentityStack extends Stack {
  constructor(scope: Construct, stage: Stage, devices: NonNullable<Stage['devices']>) {
    super(scope, `${stage.prefix}-devices`, { ...placeOf(stage), description: `Pinhole: identity of the devices of ${stage.stage}.` });
    const names = identityNames(stage);
    const type = new iot.CfnThingType(this, 'ThingType', { thingTypeName: devices.thingType });
    const group = new iot.CfnThingGroup(this, 'ThingGroup', { thingGroupName: devices.group });
    const policy = new iot.CfnPolicy(this, 'DevicePolicy', { policyName: names.policy, policyDocument: policies.devicePolicy(stage) });
    this.#lend(stage);
    this.#letProvision(stage);
    if (devices.claim) this.#letClaim(stage, [type, group, policy]);
    this.#say(stage);
  }

  /** The role, and the alias by which certificates ask for it. */
  #lend(stage: Stage): void {
    const names = identityNames(stage);
    const statement = policies.credentialsPolicy(stage);
    const role = new iam.Role(this, 'DeviceRole', {
      roleName: names.role,
      assumedBy: new iam.ServicePrincipal('credentials.iot.amazonaws.com'),
      inlinePolicies: { own: iam.PolicyDocument.fromJson(statement) },
      maxSessionDuration: Duration.hours(1),
    });
    acknowledgeStars(role, statement.Statement, OWN_TOPICS);
    new iot.CfnRoleAlias(this, 'RoleAlias', { roleAlias: names.roleAlias, roleArn: role.roleArn, credentialDurationSeconds: 3_600 });
  }

  #letProvision(stage: Stage): void {
    const statements = policies.provisionerStatements(stage);
    const policy = new iam.ManagedPolicy(this, 'Provisioner', {
      managedPolicyName: identityNames(stage).provisioner,
      description: 'To make devices of this stage, and to hand them its role.',
      document: iam.PolicyDocument.fromJson({ Version: '2012-10-17', Statement: statements }),
    });
    acknowledgeStars(policy, statements, ANY_THING);
  }

  #letClaim(stage: Stage, first: readonly (iot.CfnThingType | iot.CfnThingGroup | iot.CfnPolicy)[]): void {
    const names = identityNames(stage);
    const statements = policies.registrationStatements(stage);
    const role = new iam.Role(this, 'ClaimRole', {
      roleName: names.template,
      assumedBy: new iam.ServicePrincipal('iot.amazonaws.com'),
      inlinePolicies: { own: iam.PolicyDocument.fromJson({ Version: '2012-10-17', Statement: statements }) },
    });
    acknowledgeStars(role, statements, ANY_THING);
    const template = new iot.CfnProvisioningTemplate(this, 'ClaimTemplate', {
      ...{ templateName: names.template, templateType: 'FLEET_PROVISIONING', enabled: true, provisioningRoleArn: role.roleArn },
      templateBody: JSON.stringify(claimTemplate(stage)),
    });
    for (const resource of first) template.addResourceDependency(resource);
    new iot.CfnPolicy(this, 'ClaimPolicy', { policyName: names.claimPolicy, policyDocument: policies.claimPolicy(stage) });
  }

  #say(stage: Stage): void {
    const line = agentLine(stage, EXAMPLE_THING);
    new CfnOutput(this, 'Provision', {
      value: `npm run deploy -- provision --stage STAGE.yaml --thing ${EXAMPLE_THING}`,
      description: 'Makes a device.',
    });
    if (line !== null) new CfnOutput(this, 'Agent', { value: line, description: 'Runs the agent as that device, through the proxy.' });
  }
}

/** Each wildcard of a role is acknowledged by itself, so that another one is a finding again. */
function acknowledgeStars(construct: Construct, statements: readonly policies.Statement[], why: string): void {
  const stars = statements.flatMap(({ Resource }) => [Resource].flat()).filter((resource) => resource.includes('*'));
  for (const resource of new Set(stars)) {
    // cdk-nag writes `${...}`, here a variable of AWS IoT, as it writes one of CloudFormation.
    const finding = resource.replaceAll(/\$\{([^}]+)\}/g, '<$1>');
    acknowledge(construct, `IAM5[Resource::${finding}]`, resource === '*' ? NO_RESOURCES : why);
  }
}
