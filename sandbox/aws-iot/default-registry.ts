/**
 * The account that a fresh stand-in has: two things with a certificate each, a third certificate that was deactivated,
 * one role alias, one access key. The policies are as narrow as AWS's guide advises, so that something is refused.
 */

import { randomBytes } from 'node:crypto';
import type { Registry } from './registry.ts';

export const ACCOUNT = '123456789012';
export const THING = 'sandbox-device';
export const SECOND_THING = 'sandbox-second';
export const ROLE_ALIAS = 'sandbox-role-alias';

export interface DefaultRegistryInput {
  readonly region: string;
  readonly certificates: { readonly first: string; readonly second: string; readonly inactive: string };
}

export function createDefaultRegistry({ region, certificates }: DefaultRegistryInput): Registry {
  return {
    region,
    account: ACCOUNT,
    things: { [THING]: { typeName: 'sandbox' }, [SECOND_THING]: {} },
    certificates: {
      [certificates.first]: { status: 'ACTIVE', things: [THING], policies: ['sandbox-device'] },
      [certificates.second]: { status: 'ACTIVE', things: [SECOND_THING], policies: ['sandbox-device'] },
      [certificates.inactive]: { status: 'INACTIVE', things: [THING], policies: ['sandbox-device'] },
    },
    policies: {
      'sandbox-device': devicePolicy(region, '${iot:Connection.Thing.ThingName}', true),
      'sandbox-role': devicePolicy(region, '${credentials-iot:ThingName}', false),
      'sandbox-user': { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }] },
    },
    roleAliases: { [ROLE_ALIAS]: { role: 'sandbox-role', durationSeconds: 3_600 } },
    roles: { 'sandbox-role': { trusts: ['credentials.iot.amazonaws.com'], maxSessionSeconds: 3_600, policies: ['sandbox-role'] } },
    // Made at each start: a secret that is written down in a source file would be found, and used, by others.
    accessKeys: {
      [`AKIA${randomBytes(8).toString('hex').toUpperCase()}`]: {
        secretAccessKey: randomBytes(30).toString('base64'),
        policies: ['sandbox-user'],
      },
    },
  };
}

/** Client ids and topics that AWS's own samples use are open too, so that a sample runs as it is. */
function devicePolicy(region: string, thing: string, assumesRole: boolean): object {
  const arns = (...resources: string[]) => resources.map((resource) => `arn:*:iot:${region}:${ACCOUNT}:${resource}`);
  const topics = ['sandbox/*', 'sdk/test/*', 'test/*', `devices/${thing}/*`, `$aws/things/${thing}/shadow/*`, '$aws/rules/*'];
  const allow = (Action: string | string[], Resource: string[]) => ({ Effect: 'Allow', Action, Resource });
  return {
    Version: '2012-10-17',
    Statement: [
      allow('iot:Connect', arns(`client/${thing}`, `client/${thing}-*`, 'client/sdk-*', 'client/test-*')),
      allow(['iot:Publish', 'iot:Receive'], arns(...topics.map((topic) => `topic/${topic}`))),
      allow(['iot:RetainPublish', 'iot:GetRetainedMessage'], arns('topic/sandbox/*', `topic/devices/${thing}/*`)),
      allow('iot:Subscribe', arns(...topics.map((topic) => `topicfilter/${topic}`))),
      ...(assumesRole ? [allow('iot:AssumeRoleWithCertificate', arns(`rolealias/${ROLE_ALIAS}`))] : []),
    ],
  };
}
