/**
 * Who a connection is: a device certificate, or a role's or user's access key. Policies are looked up in the registry at each
 * decision, so a change there takes effect on connections that are already open.
 */

import { decide, type Decision } from './policy/decide.ts';
import type { Variables } from './policy/pattern.ts';
import { arn, entryOf, policiesOf, type Registry } from './registry.ts';
import type { SigningKey } from './sigv4/access-keys.ts';

export interface Principal {
  /** For the log: never a secret. */
  readonly label: string;
  policyNames(): readonly string[];
  /** What policy variables stand for, for a connection with this client id (absent over HTTPS). */
  variables(clientId: string | undefined): Variables;
}

export function certificatePrincipal(registry: Registry, id: string, sourceIp: string): Principal {
  const live = () => {
    const certificate = entryOf(registry.certificates, id);
    return certificate?.status === 'ACTIVE' ? certificate : undefined;
  };
  return {
    label: `certificate ${id.slice(0, 12)}`,
    policyNames: () => live()?.policies ?? [],
    variables(clientId) {
      const isAttached = clientId !== undefined && live()?.things.includes(clientId) === true;
      return {
        'aws:SourceIp': sourceIp,
        'iot:ClientId': clientId,
        'iot:CertificateId': id,
        // Guide, "Thing policy variables": the thing is the one named like the client id, if it is attached to the certificate.
        'iot:Connection.Thing.IsAttached': String(isAttached),
        'iot:Connection.Thing.ThingName': isAttached ? clientId : undefined,
        'iot:Connection.Thing.ThingTypeName': isAttached ? entryOf(registry.things, clientId)?.typeName : undefined,
      };
    },
  };
}

export function accessKeyPrincipal(key: SigningKey, sourceIp: string): Principal {
  return {
    label: `access key ${key.accessKeyId}`,
    policyNames: () => key.policies,
    variables: (clientId) => ({ ...key.variables, 'aws:SourceIp': sourceIp, 'iot:ClientId': clientId }),
  };
}

export interface Question {
  /** `iot:Publish` and the like. */
  readonly action: string;
  /** `topic/x`, `client/x`, `topicfilter/x`, `rolealias/x`. */
  readonly resource: string;
  readonly clientId?: string | undefined;
}

export function authorize(registry: Registry, principal: Principal, { action, resource, clientId }: Question): Decision {
  try {
    const policies = policiesOf(registry, principal.policyNames());
    return decide(policies, { action, resource: arn(registry, resource), variables: principal.variables(clientId) });
  } catch (error) {
    // A policy put into the registry after the start may not read; that denies, as AWS would not have stored it.
    return { allow: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
