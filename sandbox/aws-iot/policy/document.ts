/**
 * Policy documents: the JSON of IoT and IAM policies, read strictly. A key that the engine would not obey is refused here,
 * since a condition that is silently ignored turns a deny into an allow.
 */

export const CONDITION_OPERATORS = [
  'Bool',
  'IpAddress',
  'NotIpAddress',
  'StringEquals',
  'StringLike',
  'StringNotEquals',
  'StringNotLike',
] as const;
export type ConditionOperator = (typeof CONDITION_OPERATORS)[number];

export interface Condition {
  readonly operator: ConditionOperator;
  readonly key: string;
  readonly values: readonly string[];
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
}

export interface Policy {
  readonly name: string;
  readonly statements: readonly Statement[];
}

const STATEMENT_KEYS = new Set(['Sid', 'Effect', 'Action', 'Resource', 'Condition']);

/** Reads a policy document as AWS shows it (an object or its JSON text). Throws with the place of the first mistake. */
export function parsePolicy(name: string, document: unknown): Policy {
  const root = asObject(typeof document === 'string' ? JSON.parse(document) : document, name);
  if (root['Version'] !== '2012-10-17') throw new Error(`policy ${name}: Version must be "2012-10-17"`);
  const listed = Array.isArray(root['Statement']) ? (root['Statement'] as unknown[]) : [root['Statement']];
  return { name, statements: listed.map((statement, index) => parseStatement(statement, `${name}, statement ${index + 1}`)) };
}

function parseStatement(value: unknown, place: string): Statement {
  const statement = asObject(value, place);
  const unknownKey = Object.keys(statement).find((key) => !STATEMENT_KEYS.has(key));
  if (unknownKey) throw new Error(`policy ${place}: ${unknownKey} is not understood`);
  const effect = statement['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw new Error(`policy ${place}: Effect must be "Allow" or "Deny"`);
  return {
    effect,
    actions: asStrings(statement['Action'], `${place}: Action`),
    resources: asStrings(statement['Resource'], `${place}: Resource`),
    conditions: statement['Condition'] === undefined ? [] : parseConditions(statement['Condition'], place),
  };
}

function parseConditions(value: unknown, place: string): Condition[] {
  return Object.entries(asObject(value, `${place}: Condition`)).flatMap(([operator, keys]) => {
    const known = CONDITION_OPERATORS.find((candidate) => candidate === operator);
    if (!known) throw new Error(`policy ${place}: condition operator ${operator} is not understood`);
    return Object.entries(asObject(keys, `${place}: ${operator}`)).map(([key, values]) => ({
      operator: known,
      key,
      values: asStrings(values, `${place}: ${key}`),
    }));
  });
}

function asObject(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`policy ${place}: expected an object`);
  return value as Record<string, unknown>;
}

function asStrings(value: unknown, place: string): string[] {
  const listed: unknown[] = Array.isArray(value) ? value : [value];
  if (listed.length > 0 && listed.every((entry): entry is string => typeof entry === 'string')) return listed;
  throw new Error(`policy ${place}: expected a string or a list of strings`);
}
