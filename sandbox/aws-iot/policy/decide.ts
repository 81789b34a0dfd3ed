/** Policies + request -> allowed or not, with the reason in words. Pure. An explicit deny wins; what nobody allows is denied. */

import { BlockList, isIP } from 'node:net';
import type { Condition, Policy, Statement } from './document.ts';
import { lookUp, matches, substitute, type Variables } from './pattern.ts';

export interface PolicyRequest {
  readonly action: string;
  readonly resource: string;
  readonly variables: Variables;
}

export interface Decision {
  readonly allow: boolean;
  readonly reason: string;
}

export function decide(policies: readonly Policy[], request: PolicyRequest): Decision {
  let allowedBy: string | undefined;
  for (const policy of policies) {
    for (const statement of policy.statements) {
      if (!applies(statement, request)) continue;
      if (statement.effect === 'Deny') return { allow: false, reason: `policy ${policy.name} denies ${request.action}` };
      allowedBy ??= policy.name;
    }
  }
  if (allowedBy) return { allow: true, reason: `policy ${allowedBy} allows ${request.action}` };
  return { allow: false, reason: `no policy allows ${request.action} on ${request.resource}` };
}

function applies(statement: Statement, request: PolicyRequest): boolean {
  return (
    statement.actions.some((action) => matches(action, request.action, {}, { ignoreCase: true })) &&
    statement.resources.some((resource) => matches(resource, request.resource, request.variables)) &&
    statement.conditions.every((condition) => holds(condition, request.variables))
  );
}

function holds(condition: Condition, variables: Variables): boolean {
  const actual = lookUp(variables, condition.key);
  // IAM User Guide, "Condition operators": a missing key fails every operator but the negated ones.
  if (actual === undefined) return condition.operator.includes('Not');
  const wanted = condition.values.map((value) => substitute(value, variables) ?? '');
  switch (condition.operator) {
    case 'Bool':
      return wanted.some((value) => value.toLowerCase() === actual.toLowerCase());
    case 'StringEquals':
      return wanted.includes(actual);
    case 'StringNotEquals':
      return !wanted.includes(actual);
    case 'StringLike':
      return condition.values.some((value) => matches(value, actual, variables));
    case 'StringNotLike':
      return !condition.values.some((value) => matches(value, actual, variables));
    case 'IpAddress':
      return wanted.some((range) => contains(range, actual));
    case 'NotIpAddress':
      return !wanted.some((range) => contains(range, actual));
  }
}

function contains(range: string, address: string): boolean {
  const [network = '', bits] = range.split('/');
  const version = isIP(network);
  // A range that is none contains nobody: BlockList would throw, and a typing error must not end a connection's life.
  if (version === 0 || Number(bits ?? 0) > (version === 6 ? 128 : 32) || !/^[0-9]*$/.test(bits ?? '')) return false;
  const family = version === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  if (bits === undefined) list.addAddress(network, family);
  else list.addSubnet(network, Number(bits), family);
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
