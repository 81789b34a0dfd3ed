/**
 * What an AWS account would hold: things, device certificates, policies, role aliases, roles, access keys. A plain object
 * that is read anew at every decision, so a test may change it while clients are connected. To change a policy, put a new
 * document in its place: documents are read once each.
 */

import { X509Certificate } from 'node:crypto';
import { parsePolicy, type Policy } from './policy/document.ts';

export interface Thing {
  typeName?: string;
}

export interface DeviceCertificate {
  status: 'ACTIVE' | 'INACTIVE' | 'REVOKED';
  things: string[];
  /** Names of IoT policies. */
  policies: string[];
}

export interface RoleAlias {
  role: string;
  durationSeconds: number;
}

export interface Role {
  /** Services that may assume it; the credential provider is `credentials.iot.amazonaws.com`. */
  trusts: string[];
  maxSessionSeconds: number;
  /** Names of IAM policies. */
  policies: string[];
}

/** A long-lived key of an IAM user. */
export interface AccessKey {
  secretAccessKey: string;
  policies: string[];
}

export interface Registry {
  readonly region: string;
  readonly account: string;
  things: Record<string, Thing>;
  /** By certificate id: the SHA-256 of the certificate's DER, in lower-case hex, as AWS itself counts. */
  certificates: Record<string, DeviceCertificate>;
  /** Documents as AWS shows them, IoT's and IAM's alike. */
  policies: Record<string, object>;
  roleAliases: Record<string, RoleAlias>;
  roles: Record<string, Role>;
  accessKeys: Record<string, AccessKey>;
}

/** Names come from the wire: `constructor` must not find what every object has. */
export function entryOf<T>(record: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

export function certificateId(certificate: Buffer | string): string {
  return new X509Certificate(certificate).fingerprint256.replaceAll(':', '').toLowerCase();
}

const parsed = new WeakMap<object, Policy>();

/** The named policies, read. Throws on a name or document that is wrong: `startAwsIot` finds those before a port is bound. */
export function policiesOf(registry: Registry, names: readonly string[]): Policy[] {
  return names.map((name) => {
    const document = entryOf(registry.policies, name);
    if (!document) throw new Error(`policy ${name} is attached but not in the registry`);
    const policy = parsed.get(document) ?? parsePolicy(name, document);
    parsed.set(document, policy);
    return policy;
  });
}

/** Every problem a registry has, before anything is opened: policies that do not read, names that lead nowhere. */
export function checkRegistry(registry: Registry): void {
  policiesOf(registry, Object.keys(registry.policies));
  for (const [id, certificate] of Object.entries(registry.certificates)) {
    policiesOf(registry, certificate.policies);
    if (!/^[0-9a-f]{64}$/.test(id)) throw new Error(`certificate ${id}: expected 64 lower-case hex digits`);
    const unknown = certificate.things.find((thing) => !entryOf(registry.things, thing));
    if (unknown !== undefined) throw new Error(`certificate ${id}: thing ${unknown} is not in the registry`);
  }
  for (const owner of [...Object.values(registry.roles), ...Object.values(registry.accessKeys)]) policiesOf(registry, owner.policies);
}

/** `client/x`, `topic/x`, `topicfilter/x` or `rolealias/x` as policies name them. */
export function arn(registry: Registry, resource: string): string {
  const partition = registry.region.startsWith('cn-') ? 'aws-cn' : registry.region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return `arn:${partition}:iot:${registry.region}:${registry.account}:${resource}`;
}
