// What a device may do, whichever way it comes: by its certificate, or by temporary credentials. The rights are the same and the variables are
// not: `iot:Connection.Thing.*` is known for certificates only, `credentials-iot:*` in policies of IAM only (IoT developer guide). Pure.

import type { Stage } from '../cdk/stage.ts';
import { identityNames } from './names.ts';

export interface Statement {
  readonly Effect: 'Allow';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: object;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** The thing of a certificate; of credentials, the thing whose name was sent for them. */
const THING_OF_CERTIFICATE = '${iot:Connection.Thing.ThingName}';
const THING_OF_CREDENTIALS = '${credentials-iot:ThingName}';

function arn({ region, account }: Stage): string {
  return `arn:aws:iot:${region}:${account}`;
}

/** Of the certificate: MQTT with it, and temporary credentials for it. */
export function devicePolicy(stage: Stage): PolicyDocument {
  const assume: Statement = {
    ...{ Effect: 'Allow', Action: 'iot:AssumeRoleWithCertificate' },
    Resource: `${arn(stage)}:rolealias/${identityNames(stage).roleAlias}`,
  };
  // Without the condition a certificate that has no thing would have an empty name, and `client/` with it.
  const condition = { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } };
  return { Version: '2012-10-17', Statement: [...messaging(stage, THING_OF_CERTIFICATE, condition), assume] };
}

/** Of the role behind the alias: MQTT over WebSocket, signed. */
export function credentialsPolicy(stage: Stage): PolicyDocument {
  return { Version: '2012-10-17', Statement: messaging(stage, THING_OF_CREDENTIALS) };
}

/** Its own client id, its own topics, shadow and jobs. */
function messaging(stage: Stage, thing: string, condition?: object): Statement[] {
  const at = arn(stage);
  const topics = [`${stage.devices?.topics}/${thing}/*`, `$aws/things/${thing}/shadow/*`, `$aws/things/${thing}/jobs/*`];
  return [
    {
      ...{ Effect: 'Allow', Action: 'iot:Connect', Resource: `${at}:client/${thing}` },
      ...(condition === undefined ? {} : { Condition: condition }),
    },
    { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: topics.map((topic) => `${at}:topic/${topic}`) },
    { Effect: 'Allow', Action: 'iot:Subscribe', Resource: topics.map((topic) => `${at}:topicfilter/${topic}`) },
  ];
}

/** Of the claim certificate, which many devices share until each has its own: the calls that make one, and nothing else. */
export function claimPolicy(stage: Stage): PolicyDocument {
  const at = arn(stage);
  const { template } = identityNames(stage);
  const calls = ['$aws/certificates/create-from-csr/*', `$aws/provisioning-templates/${template}/provision/*`];
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: `${at}:client/claim-*` },
      { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: calls.map((topic) => `${at}:topic/${topic}`) },
      { Effect: 'Allow', Action: 'iot:Subscribe', Resource: calls.map((topic) => `${at}:topicfilter/${topic}`) },
    ],
  };
}

/**
 * Of whoever runs `provision`: to make a device of this stage, and to hand it this role and no other. Which policy it gets is theirs to choose: AWS
 * knows certificates and thing groups as resources of `iot:AttachPolicy`, and no policy (Service Authorization Reference, AWS IoT). What a
 * certificate may do beyond this stage is held by what other policies the account has.
 */
export function provisionerStatements(stage: Stage): Statement[] {
  const at = arn(stage);
  const { role, roleAlias } = identityNames(stage);
  const { thingType, group } = stage.devices ?? { thingType: '', group: '' };
  return [
    {
      ...{ Effect: 'Allow', Action: ['iot:AddThingToThingGroup', 'iot:CreateThing'] },
      Resource: [`${at}:thing/*`, `${at}:thingtype/${thingType}`, `${at}:thinggroup/${group}`],
    },
    { Effect: 'Allow', Action: ['iot:AttachPolicy', 'iot:AttachThingPrincipal'], Resource: `${at}:cert/*` },
    { Effect: 'Allow', Action: ['iot:CreateCertificateFromCsr', 'iot:DescribeEndpoint'], Resource: '*' },
    { Effect: 'Allow', Action: 'iot:DescribeRoleAlias', Resource: `${at}:rolealias/${roleAlias}` },
    {
      ...{ Effect: 'Allow', Action: ['iam:GetRole', 'iam:PassRole'], Resource: `arn:aws:iam::${stage.account}:role/${role}` },
      Condition: { StringEqualsIfExists: { 'iam:PassedToService': 'credentials.iot.amazonaws.com' } },
    },
  ];
}

/** Of AWS IoT itself, while it provisions by claim: the template holds it to one policy, which a right cannot (see above). */
export function registrationStatements(stage: Stage): Statement[] {
  const at = arn(stage);
  const { thingType, group } = stage.devices ?? { thingType: '', group: '' };
  return [
    {
      Effect: 'Allow',
      Action: ['iot:AddThingToThingGroup', 'iot:CreateThing', 'iot:DescribeThing', 'iot:ListThingGroupsForThing', 'iot:UpdateThing'],
      Resource: [`${at}:thing/*`, `${at}:thingtype/${thingType}`, `${at}:thinggroup/${group}`],
    },
    {
      Effect: 'Allow',
      Action: ['iot:AttachPolicy', 'iot:AttachThingPrincipal', 'iot:DescribeCertificate', 'iot:UpdateCertificate'],
      Resource: `${at}:cert/*`,
    },
    { Effect: 'Allow', Action: 'iot:RegisterThing', Resource: '*' },
  ];
}
