/**
 * The credential provider: `GET /role-aliases/<alias>/credentials` over mutual TLS.
 * Guide, "Authorizing direct calls to AWS services using AWS IoT Core credential provider". The order of the checks and the
 * words are those that AWS was seen to give.
 */

import type { IncomingMessage } from 'node:http';
import { authorize, certificatePrincipal } from '../principal.ts';
import { entryOf, type Registry } from '../registry.ts';
import type { AccessKeys } from '../sigv4/access-keys.ts';
import type { Identified } from './device-certificate.ts';
import { type Answer, refusal } from './respond.ts';

const SERVICE = 'credentials.iot.amazonaws.com';

export interface CredentialRequest {
  readonly method: string;
  readonly url: string;
  readonly thing: string | undefined;
  readonly device: Identified;
  readonly sourceIp: string;
}

export function readCredentialRequest(request: IncomingMessage): Pick<CredentialRequest, 'method' | 'url' | 'thing'> {
  const thing = request.headers['x-amzn-iot-thingname'];
  return { method: request.method ?? '', url: request.url ?? '', thing: Array.isArray(thing) ? thing.join(', ') : thing };
}

export function answerCredentials(request: CredentialRequest, registry: Registry, keys: AccessKeys): Answer {
  const { device, thing } = request;
  const denied = (message: string) => refusal(403, 'AccessDeniedException', message);
  if (!device.ok) return denied('Certificate is invalid on this endpoint');

  const alias = request.method === 'GET' ? readAlias(request.url) : undefined;
  if (alias === undefined) return refusal(404, 'UnknownOperationException', 'Unknown operation');
  if (thing !== undefined && !entryOf(registry.certificates, device.id)?.things.includes(thing)) return denied('Invalid thing name passed');

  const principal = certificatePrincipal(registry, device.id, request.sourceIp);
  const question = { action: 'iot:AssumeRoleWithCertificate', resource: `rolealias/${alias}`, clientId: thing };
  if (!authorize(registry, principal, question).allow) return denied('Access Denied');

  const roleAlias = entryOf(registry.roleAliases, alias);
  if (!roleAlias) return refusal(404, 'ResourceNotFoundException', 'Role alias does not exist');
  const role = entryOf(registry.roles, roleAlias.role);
  if (!role?.trusts.includes(SERVICE)) {
    return refusal(400, 'InvalidRequestException', 'Unable to assume the role, or the role to assume does not exist');
  }
  if (roleAlias.durationSeconds > role.maxSessionSeconds) {
    const message = 'The requested CredentialDurationSeconds exceeds the MaxSessionDuration set for the role';
    return refusal(400, 'InvalidRequestException', message);
  }

  const key = keys.issue({
    policies: role.policies,
    durationSeconds: roleAlias.durationSeconds,
    variables: {
      'credentials-iot:AwsCertificateId': device.id,
      // "Both only if the header was sent."
      'credentials-iot:ThingName': thing,
      'credentials-iot:ThingTypeName': thing === undefined ? undefined : entryOf(registry.things, thing)?.typeName,
    },
  });
  const { accessKeyId, secretAccessKey, sessionToken } = key;
  const expiration = new Date(key.expiresAtMs).toISOString().replace(/\.[0-9]{3}Z$/, 'Z');
  return { status: 200, body: { credentials: { accessKeyId, secretAccessKey, sessionToken, expiration } } };
}

/** 1 to 128 characters of letters, digits and `=,@-_` (API reference, CreateRoleAlias). */
function readAlias(url: string): string | undefined {
  const match = /^\/role-aliases\/([^/?]+)\/credentials$/.exec(url);
  try {
    return match?.[1] === undefined ? undefined : decodeURIComponent(match[1]);
  } catch {
    return undefined;
  }
}
