// The kinds of value that only a stage's file has. Each says what it expected; `title` is its name in the schema, the docs and messages.

import { checkedText } from '../../proxy/config/fields.ts';

function matching(title: string, pattern: RegExp, expected: string) {
  return checkedText(title, (text) => (pattern.test(text) ? null : `expected ${expected}`));
}

/** In names of stacks (128 characters), roles (64) and load balancers (32): the rest of those needs room. */
export function stageName() {
  return matching('name', /^[a-z][a-z0-9-]{0,15}$/, 'up to 16 lower-case letters, digits and hyphens, a letter first');
}

export function accountId() {
  return matching('account', /^[0-9]{12}$/, 'the 12 digits of an AWS account, in quotes');
}

/** Of the partition `aws`: ARNs elsewhere begin otherwise, and AWS IoT there has not all of this. */
export function region() {
  return matching(
    'region',
    /^(?!cn-|us-gov-|[a-z]{2}-iso)[a-z]{2}(-[a-z]+)+-[0-9]$/,
    'an AWS region such as eu-west-1; those of China, GovCloud and the isolated ones are not served',
  );
}

export function availabilityZone() {
  return matching('availability zone', /^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$/, 'an availability zone such as eu-west-1a');
}

export function zoneId() {
  return matching('zone id', /^Z[A-Z0-9]{1,31}$/, 'the id of a hosted zone, such as Z0123456789ABCDEFGHIJ');
}

/** Ids of EC2 have 8 or 17 hex digits. */
export function awsId(kind: 'vpc' | 'subnet' | 'ami') {
  return matching(`${kind} id`, new RegExp(`^${kind}-([0-9a-f]{8}|[0-9a-f]{17})$`), `an id such as ${kind}-0123456789abcdef0`);
}

/** Stricter than FLEET.yaml's: it is in names of roles and Auto Scaling groups too. */
export function slotId() {
  return matching('slot', /^[a-z][a-z0-9-]{0,15}$/, 'up to 16 lower-case letters, digits and hyphens, a letter first');
}

export function instanceType() {
  return matching('instance type', /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'an instance type such as c7g.large');
}

/** Of what S3 takes in a key (1,024 bytes), neither a star, which would be any object in the policy of a role, nor a quote, which ends a text of a shell. */
export function s3Url() {
  return matching(
    'S3 URL',
    /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/[A-Za-z0-9!_.()/-]{0,1023}[A-Za-z0-9!_.()-]$/,
    'a bucket and a key of letters, digits and !_.()/-, such as s3://my-releases/pinhole-0.1.0-arm64.tar.gz',
  );
}

export function sha256() {
  return matching('SHA-256', /^[0-9a-f]{64}$/, '64 lower-case hex digits');
}

/** AWS IoT, CreateThingType and CreateThingGroup. */
export function thingName() {
  return matching('name', /^[a-zA-Z0-9:_-]{1,128}$/, 'up to 128 letters, digits, colons, hyphens and underscores');
}

/** Seven levels are left of AWS IoT's eight for what is behind it. */
export function topic() {
  return matching('topic', /^[a-zA-Z0-9_-]+(\/[a-zA-Z0-9_-]+){0,3}$/, 'up to four levels of letters, digits, hyphens and underscores');
}

export function email() {
  return matching('mail address', /^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'a mail address');
}
